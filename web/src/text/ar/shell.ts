import { f } from './format.ts'

export const app = {
  name: 'Ringfence',
  loading: 'لحظة واحدة',
  skip: 'الانتقال إلى المحتوى',
  close: 'إغلاق',
  back: 'رجوع',
  cancel: 'إلغاء',
  tryAgain: 'إعادة المحاولة',
  undo: 'تراجع',
  people: 'الأشخاص',
  places: 'الأماكن',
  number: (n: number) => f.number(n),
  calls: 'المكالمات',
  check: 'الكاميرا والصوت',
  settings: 'الإعدادات',
  title: (page: string) => `${page} – Ringfence`,
  messages: 'تنبيهات Ringfence',
}

export const link = {
  offline: 'هذا الجهاز غير متصل بالشبكة. تنتظر المكالمات والتغييرات حتى يعود.',
  reconnecting: 'انقطع الاتصال بالخادم. تجري إعادة المحاولة…',
  replaced: 'انتقل Ringfence إلى تبويب آخر بهذه الجلسة.',
  crowded: 'تبويبات أو أجهزة كثيرة مفتوحة بهذا الحساب. أغلق واحدًا ثم أعد المحاولة.',
  outdated: 'هذه الصفحة أقدم من الخادم. أعد تحميلها.',
  reload: 'إعادة التحميل',
  noServer: 'تعذّر الوصول إلى الخادم',
  noServerWhy: 'إما أن هذا الجهاز بلا شبكة، أو أن الخادم متوقف. لم يضِع شيء.',
}

export const notFound = {
  title: 'لا يوجد شيء هنا',
  why: 'ربما في العنوان خطأ، أو أن ما كان هنا لم يعد موجودًا.',
  home: 'الذهاب إلى الأشخاص',
}
