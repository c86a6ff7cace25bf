import { apart } from '../apart.ts'
import { f } from './format.ts'

export const invite = {
  title: 'وصلتك دعوة',
  checking: 'نراجع دعوتك',
  from: (name: string) => `${apart(name)} يدعوك إلى Ringfence`,
  fromServer: 'وصلتك دعوة إلى Ringfence',
  what: 'مكالمات بالصوت والصورة بين الأصدقاء، على خادم يديره أحدكم. لا يستطيع أحد غيرهم الوصول إليك هنا.',
  begin: 'ابدأ',
  haveAccount: 'لديّ حساب',
  step: (n: number, of: number) => `الخطوة ${f.number(n)} من ${f.number(of)}`,

  nameTitle: 'بماذا يناديك أصدقاؤك؟',
  name: 'اسمك',
  nameHelp: 'يراه أصدقاؤك، ويمكنك تغييره في أي وقت.',
  handle: 'المعرّف',
  handleHelp: (preview: string) =>
    preview === '' ? 'به يضيفك الآخرون. يضع الخادم بعده أربعة أرقام.' : `به يضيفك الآخرون: ${apart(preview)}. الأرقام الأربعة يضعها الخادم.`,
  handleRule: 'حروف لاتينية من a إلى z وأرقام و - و _، وأوله حرف.',
  next: 'متابعة',

  passwordTitle: 'اختر كلمة مرور',
  passwordWhy: 'لا يوجد بريد إلكتروني لاستعادتها. أربع كلمات أو خمس لا صلة بينها تكفي جيدًا.',
  create: 'إنشاء الحساب',
  creating: 'يجري إنشاء حسابك',

  doneTitle: (name: string) => `أهلًا، ${apart(name)}`,
  doneHandle: 'هذا معرّفك. به تدخل من أجهزة أخرى، وبه يضيفك الآخرون:',
  doneFriend: (name: string) => `أصبحت أنت و${apart(name)} صديقين.`,
  doneCall: (name: string) => `اتصل بـ ${apart(name)}`,
  doneHome: 'الذهاب إلى الأشخاص',

  acceptTitle: (name: string) => `إضافة ${apart(name)} إلى أصدقائك؟`,
  acceptWhy: 'سيرى كل منكما وجود الآخر، ويمكنكما الاتصال.',
  accept: 'إضافة',
  notNow: 'ليس الآن',
  ownServer: 'لديك حساب هنا. هذه الدعوة لشخص جديد.',
  added: (name: string) => `أصبحت أنت و${apart(name)} صديقين.`,

  badTitle: 'هذه الدعوة لم تعد صالحة',
  badWhy: 'استُعملت أو سُحبت أو مضى عليها أكثر من سبعة أيام. اطلب دعوة جديدة ممن أرسلها.',
  noneTitle: 'الدخول إلى Ringfence بدعوة',
  noneWhy: 'اطلب رابطًا من صديق موجود هنا. وإن كان الخادم لك فقد عرض رابطك الأول عند تشغيله.',
  expires: (then: Date, now: Date) => `يعمل مرة واحدة، وينتهي ${f.until(then, now)}.`,
}

export const login = {
  title: 'تسجيل الدخول',
  handle: 'المعرّف',
  handleHelp: `مثلًا ${apart('anna.4821')}`,
  password: 'كلمة المرور',
  submit: 'دخول',
  submitting: 'يجري الدخول',
  newHere: 'أول مرة هنا؟ تلزمك دعوة من صديق.',
  forgot: 'نسيت كلمة المرور؟ يستطيع من يدير هذا الخادم وضع كلمة جديدة.',
  ended: 'انتهت جلستك هنا. سجّل الدخول من جديد للمتابعة.',
}

export const password = {
  label: 'كلمة المرور',
  show: 'إظهار كلمة المرور',
  hide: 'إخفاء كلمة المرور',
  strength: 'قوة كلمة المرور',
  scores: ['سهلة التخمين جدًا', 'سهلة التخمين', 'ما زالت سهلة التخمين', 'صعبة التخمين', 'صعبة التخمين جدًا'],
  loading: 'يجري الفحص',
  tooShort: (min: number) =>
    f.count(min, { zero: 'لا يلزم أي حرف.', one: 'حرف واحد على الأقل.', two: 'حرفان على الأقل.', few: '# أحرف على الأقل.', many: '# حرفًا على الأقل.', other: '# حرف على الأقل.' }),
  more: 'أضف كلمة أو كلمتين لا صلة بينهما.',
  reasons: {
    straightRow: 'صف من المفاتيح من أول ما يُجرَّب.',
    keyPattern: 'النمط القصير على لوحة المفاتيح يُجرَّب سريعًا.',
    simpleRepeat: 'تكرار الحرف نفسه لا يضيف كثيرًا.',
    extendedRepeat: 'تكرار جزء لا يضيف كثيرًا.',
    sequences: 'التسلسل مثل abc أو 123 لا يضيف كثيرًا.',
    recentYears: 'السنوات تُجرَّب سريعًا.',
    dates: 'التواريخ تُجرَّب سريعًا.',
    topTen: 'هذه من أكثر عشر كلمات مرور استعمالًا.',
    topHundred: 'هذه من أكثر مئة كلمة مرور استعمالًا.',
    common: 'كثيرون يستعملون كلمة المرور هذه.',
    similarToCommon: 'هذه قريبة من كلمة مرور يستعملها كثيرون.',
    wordByItself: 'الكلمة الواحدة تُجرَّب سريعًا.',
    namesByThemselves: 'الاسم وحده يُجرَّب سريعًا.',
    commonNames: 'الأسماء الشائعة تُجرَّب سريعًا.',
    userInputs: 'اسمك أو معرّفك أول ما يُجرَّب.',
    pwned: 'كلمة المرور هذه معروفة من تسريب سابق.',
  },
}
