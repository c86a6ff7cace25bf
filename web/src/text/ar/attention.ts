import { apart } from '../apart.ts'
import { f } from './format.ts'

export const attention = {
  calls: (name: string) => `اتصال من ${apart(name)}`,
  someoneCalls: 'أحدهم يتصل بك',
  withVideo: 'مكالمة بالصورة',
  withVoice: 'مكالمة صوتية',
  missed: (name: string) => `مكالمة من ${apart(name)}`,
  missedSomeone: 'اتصل بك أحدهم',
  missedVideo: 'مكالمة فائتة بالصورة',
  missedVoice: 'مكالمة صوتية فائتة',

  sounds: 'الأصوات',
  soundsWhy: 'ترنّ المكالمات، وتسمع بدايتها ونهايتها.',
  volume: 'مستوى الصوت',
  volumeIs: (part: number) => f.percent(part),
  test: 'تشغيل صوت',

  notifications: 'إظهار المكالمات وRingfence في الخلفية',
  notificationsWhy: 'يمكنك القبول أو الرفض دون البحث عن التبويب. يجب أن يكون Ringfence مفتوحًا في مكان ما.',
  denied: 'يمنع المتصفح إشعارات هذه الصفحة. اسمح بها بجانب العنوان ثم عد إلى هنا.',
  missing: 'هذا المتصفح لا يعرض إشعارات هذه الصفحة.',
  names: 'ذكر اسم المتصل',
  namesWhy: 'أوقف هذا حيث يرى غيرك شاشتك.',
  badge: 'بعد تثبيته تطبيقًا يعرض Ringfence على أيقونته المكالمات الفائتة والطلبات.',

  install: 'تثبيت Ringfence',
  installWhy: 'تصير له نافذة وأيقونة، ويُفتح دون متصفح حوله.',
  installByHand: 'افتح قائمة المشاركة في المتصفح واختر «إضافة إلى الشاشة الرئيسية».',
  installed: 'Ringfence مثبّت على هذا الجهاز.',

  suggestNotifications: 'إظهار المكالمات وRingfence في الخلفية؟',
  suggestNotificationsDo: 'إظهارها',
  suggestInstall: 'إبقاء Ringfence قريبًا بأيقونة خاصة به؟',
  suggestInstallDo: 'تثبيت',
  notNow: 'ليس الآن',

  updateReady: 'توجد نسخة جديدة.',
  updateNow: 'تحميلها الآن',
  updateLater: 'لاحقًا',
  updateWaits: 'في تبويب آخر مكالمة. تُحمّل النسخة الجديدة حين تنتهي.',
}
