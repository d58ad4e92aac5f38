// What pages call things, in both languages. Journeys find everything by these, as people do.
export type Language = 'en' | 'ja';

export const words = {
  en: {
    language: 'en' as Language,
    signIn: { title: 'Sign in', name: 'Name', password: 'Password', button: 'Sign in', refused: 'The name or the password is wrong.' },
    frame: { signOut: 'Sign out', language: 'Language', theme: 'Theme', light: 'Light', dark: 'Dark', asSystem: 'As the system', skip: 'Skip to the content' },
    home: { title: 'My environments', empty: 'You have no environment yet.' },
    course: { name: 'Name of your environment', key: /^Your own SSH public key/, button: 'Create environment', imageNotReady: 'Its image is not ready yet.' },
    environment: {
      stop: 'Stop', start: 'Start', delete: 'Delete …', acts: 'What you can do', timeline: 'What happens', connection: 'How to reach it',
      follows: 'This page follows by itself.', showPasswords: 'Show the passwords', downloadKey: 'Download the private key (once)',
      keyErased: 'Koza has no copy.', knownHosts: 'For ~/.ssh/known_hosts', sshConfig: 'For ~/.ssh/config',
      notBackedUp: (machine: number) => `Machine ${machine} could not be backed up`, tryAgain: 'Try again',
      httpsWorks: 'HTTPS works by this name.', machineWasOff: 'The machine was off. Koza started it again; nothing was lost.',
      rulesWereChanged: 'Visitors could not get in. Koza put back what lets them in; nothing was lost.',
    },
    phase: {
      waiting: 'Waiting', building: 'Building', checking: 'Checking', ready: 'Ready', stopping: 'Stopping', stopped: 'Stopped', removing: 'Removing', removed: 'Removed',
    },
    scaling: {
      act: 'Scale out or in …', mode: 'Mode', serving: 'Serving: all machines serve one site', choose: 'Choose', title: (name: string) => `Scale ${name} out or in`, inButton: 'Scale in', left: (machine: number) => `A copy has left (machine ${machine})`, zone: 'Zone of the copies', button: 'Scale out', machines: 'Machines', answers: 'Answers',
      balancer: 'Balancer', tryIt: 'Who answers? Try it', send: (requests: number) => `Send ${requests} requests`,
      same: 'one visitor, again and again', takeOut: (machine: string) => `Take out ${machine}`, takenOut: 'Taken out',
      putBack: (machine: string) => `Put back ${machine}`, makeSticky: 'Turn sticky sessions on', isSticky: 'Sticky sessions are on',
      count: (count: number, of: number) => `${count} of ${of}`,
    },
    backups: {
      act: 'Backups …', heading: 'Backups', title: (name: string) => `Backups of ${name}`, backUp: 'Back up now', proven: 'Restored in rehearsal, equal', download: 'Download',
      restore: 'Restore or erase …', restoreButton: 'Restore into a new environment',
    },
    images: {
      title: (name: string) => `Images of ${name}`, save: 'Save as image', kept: 'Kept', use: 'Use or delete …', start: 'Start a new environment from it', forget: 'Delete for ever', none: 'No image was saved yet.',
      saved: (number: number) => `Image ${number} is made of the machine's disk`,
    },
    costs: {
      heading: 'What it costs', size: 'Size', lineByLine: 'Line by line', details: 'Costs in detail', title: (name: string) => `Costs of ${name}`,
      whileStopped: 'While it is stopped', byMachines: 'What it costs with so many machines', courseTitle: (course: string) => `Costs of ${course}`,
      each: 'Each student', reason: 'Reason', set: 'Set', doesNotFit: 'Your budget has no room for this', over: 'More than the budget has',
      grantTo: 'To', grantAmount: 'How much more', grant: 'Grant', missing: 'This may not stay empty.',
      usedUp: 'Koza stopped it, because the budget is used up.', wholeCourse: 'The whole course',
    },
    members: { people: 'People', title: (course: string) => `People of ${course}`, most: 'For so many people', invite: 'Make a link', notACount: 'Type a whole number from 1 to', fullName: 'Your name', signInName: 'Name to sign in with', password: 'Password', again: 'The password again', register: 'Make my account and come in', tooShort: 'Choose a password of 10 letters or more.', haveAccount: 'I have an account here: sign in first', goThere: 'You are in it already: go there', takeOut: /^Take out Hana Ito/ },
    operate: { title: 'Operator\u2019s room', figures: 'Now', audit: 'Who did what' },
    roster: { file: 'A CSV file', look: 'Look at it first', notAText: 'This is no text that could be read.', title: (course: string) => `A list for ${course}`, nothingYet: 'Nothing has happened yet.', wrong: 'Does not come', bringIn: 'Bring in 2 people', came: '2 of 3 are in.', left: 'Download the lines that did not come, to mend them', awaited: 'Has not signed in yet: link', welcome: (name: string) => `Welcome, ${name}`, choose: 'Sign in with this password' },
    desk: { all: 'All environments', title: (course: string) => `Environments of ${course}`, search: 'Name or student', show: 'Show', environments: 'All environments', stop: 'Stop', stopTitle: (course: string) => `Stop environments of ${course}`, nobodyTicked: 'None was ticked.', done: (done: number, of: number) => `${done} of ${of} done` },
    notices: { title: 'Notices', unread: 'New notices', read: 'I have read this', spent: (course: string) => `Your budget in ${course} is spent`, stopped: (name: string) => `Koza stopped ${name}, because the budget is used up` },
    passwords: { title: 'Passwords', wordpress: 'WordPress', protected: 'Protected page', ftp: 'FTP' },
    delete: { title: (name: string) => `Delete ${name}?`, type: (name: string) => `Type ${name} to confirm`, button: 'Delete for ever', wrong: 'This is not the name of the environment.' },
    account: { title: 'Account', thisOne: 'This browser', endOthers: 'End all others', end: /^End the session of/ },
    notFound: { title: 'Not found' },
    names: {
      missing: 'Give it a name.', tooLong: 'The name is too long: 30 characters at most.', notALabel: 'The name becomes a host name',
      reserved: 'The site keeps this name for itself.', taken: 'Somebody has this name already.', notAKey: 'This is not an SSH public key that Koza accepts.',
    },
  },
  ja: {
    language: 'ja' as Language,
    signIn: { title: 'サインイン', name: '名前', password: 'パスワード', button: 'サインイン', refused: '名前かパスワードが違います。' },
    frame: { signOut: 'サインアウト', language: '言語', theme: '表示', light: 'ライト', dark: 'ダーク', asSystem: 'システムに合わせる', skip: '本文へ移動' },
    home: { title: '自分の環境', empty: '環境はまだありません。' },
    course: { name: '環境の名前', key: /^自分の SSH 公開鍵/, button: '環境を作る', imageNotReady: 'イメージの準備がまだできていません。' },
    environment: {
      stop: '停止', start: '起動', delete: '削除…', acts: 'できること', timeline: '進み具合', connection: '接続のしかた',
      follows: 'このページは自動で更新されます。', showPasswords: 'パスワードを表示', downloadKey: '秘密鍵をダウンロード（1回だけ）',
      keyErased: 'Koza には残っていません。', knownHosts: '~/.ssh/known_hosts に追加', sshConfig: '~/.ssh/config に追加',
      notBackedUp: (machine: number) => `${machine}台目のマシンのバックアップが取れませんでした`, tryAgain: 'もう一度試す',
      httpsWorks: 'この名前で HTTPS が使えます。', machineWasOff: 'マシンが止まっていました。Koza が起動し直しました。失われたものはありません。',
      rulesWereChanged: '外からつながらなくなっていました。Koza が設定を元に戻しました。失われたものはありません。',
    },
    phase: {
      waiting: '待機中', building: '作成中', checking: '確認中', ready: '準備完了', stopping: '停止処理中', stopped: '停止', removing: '削除中', removed: '削除済み',
    },
    scaling: {
      act: '台数を変える…', mode: 'モード', serving: '運用：全部のマシンで1つのサイト', choose: '決める', title: (name: string) => `${name} の台数を変える（スケールアウト・スケールイン）`, inButton: 'スケールインする', left: (machine: number) => `コピーが抜けました（${machine}台目）`, zone: 'コピーのゾーン', button: 'スケールアウトする', machines: 'マシン', answers: '応答あり',
      balancer: 'ロードバランサ', tryIt: 'どのマシンが応答するか試す', send: (requests: number) => `リクエストを${requests}回送る`,
      same: '何度も来る、1人の訪問者', takeOut: (machine: string) => `${machine} を外す`, takenOut: '外してあります',
      putBack: (machine: string) => `${machine} を戻す`, makeSticky: 'スティッキーセッションをオンにする', isSticky: 'スティッキーセッションはオン',
      count: (count: number, of: number) => `${of}回のうち${count}回`,
    },
    backups: {
      act: 'バックアップ…', heading: 'バックアップ', title: (name: string) => `${name} のバックアップ`, backUp: '今すぐバックアップ', proven: '仮に復元し、一致を確認', download: 'ダウンロード',
      restore: '復元・消去…', restoreButton: '新しい環境に復元する',
    },
    images: {
      title: (name: string) => `${name} のイメージ`, save: 'イメージとして保存', kept: '保管中', use: '使う・削除する…', start: 'このイメージから新しい環境を作る', forget: '完全に削除', none: '保存したイメージはまだありません。',
      saved: (number: number) => `イメージ ${number} をマシンのディスクから作りました`,
    },
    costs: {
      heading: '料金', size: 'サイズ', lineByLine: '内訳', details: '料金の詳細', title: (name: string) => `${name} の料金`,
      whileStopped: '停止中の料金', byMachines: '台数ごとの料金', courseTitle: (course: string) => `${course} の料金`,
      each: '学生1人あたり', reason: '理由', set: '設定する', doesNotFit: '予算が足りません', over: '予算が足りません',
      grantTo: '学生', grantAmount: '追加する額', grant: '追加する', missing: '空欄にはできません。',
      usedUp: '予算を使い切ったため、Koza が停止しました。', wholeCourse: 'コース全体',
    },
    members: { people: '参加者', title: (course: string) => `${course} の参加者`, most: '人数', invite: 'リンクを作る', notACount: 'までの整数を入力してください', fullName: 'お名前', signInName: 'ログイン名', password: 'パスワード', again: 'パスワード（確認）', register: 'アカウントを作って参加する', tooShort: 'パスワードは10文字以上にしてください。', haveAccount: 'アカウントを持っているので、先にログインする', goThere: 'すでに参加しています。コースへ進む', takeOut: /^Hana Ito をコースから外す/ },
    operate: { title: '運用室', figures: '現在', audit: 'だれが何をしたか' },
    roster: { file: 'CSV ファイル', look: '内容を確認する', notAText: 'テキストとして読み取れませんでした。', title: (course: string) => `${course} の名簿`, nothingYet: 'まだ何も変わっていません。', wrong: '追加できません', bringIn: '2人を追加する', came: '3人中2人が参加しています。', left: '追加できなかった行をダウンロードして直す', awaited: 'まだログインしていません。リンク', welcome: (name: string) => `${name} さん、ようこそ`, choose: 'このパスワードでログインする' },
    desk: { all: 'すべての環境', title: (course: string) => `${course} の環境`, search: '名前・学生', show: '表示する', environments: 'すべての環境', stop: '停止', stopTitle: (course: string) => `${course} の環境を停止する`, nobodyTicked: '環境が選ばれていません。', done: (done: number, of: number) => `${of}件のうち${done}件が済みました。` },
    notices: { title: 'お知らせ', unread: '新しいお知らせ', read: '読みました', spent: (course: string) => `${course} のあなたの予算を使い切りました`, stopped: (name: string) => `予算を使い切ったため、Koza が ${name} を停止しました` },
    passwords: { title: 'パスワード', wordpress: 'WordPress', protected: 'パスワード付きのページ', ftp: 'FTP' },
    delete: { title: (name: string) => `${name} を削除しますか`, type: (name: string) => `確認のため ${name} と入力してください`, button: '完全に削除する', wrong: '環境の名前と一致しません。' },
    account: { title: 'アカウント', thisOne: 'このブラウザ', endOthers: 'ほかをすべて終了', end: /のセッションを終了$/ },
    notFound: { title: '見つかりません' },
    names: {
      missing: '名前を入力してください。', tooLong: '名前が長すぎます。30文字までにしてください。', notALabel: '名前はホスト名になります',
      reserved: 'この名前はサイトが使っています。', taken: 'この名前はすでに使われています。', notAKey: '使用できる SSH 公開鍵ではありません。',
    },
  },
};
export type Words = (typeof words)['en'];
