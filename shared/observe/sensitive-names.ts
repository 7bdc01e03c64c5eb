/**
 * Whether a field's name says that its value is secret or personal. Names come in every spelling (`cardNumber`,
 * `card-number`, `CARDNUMBER`), so there are two questions: is one of its words sensitive, and does the name without
 * separators contain something that cannot be part of a harmless name?
 */

/** Sensitive wherever they stand in a name without separators. */
const TELLING_PARTS = [
  // What proves who calls.
  `authorization authtoken authkey authcode bearer cookie credential csrf xsrf sessionid sessid assertion samlresponse
  password passwd passwrd passwor pasword pswd pswrd psword passphrase passcode passkey passhash pwdhash pwhash
  userpass dbpass sqlpass smtppass ftppass sshpass mailpass adminpass rootpass loginpass proxypass redispass wifipass apppass
  secret signature signingkey signkey hmac token apikey accesskey privatekey encryptionkey decryptionkey sessionkey masterkey
  sharedkey symmetrickey servicekey consumerkey licensekey licencekey sshkey rsakey pgpkey gpgkey keystore keypair
  codeverifier onetimecode verificationcode recoverycode backupcode devicecode seedphrase recoveryphrase mnemonic
  connectionstring connstr`,
  // Who somebody is, and where to find them.
  `email phone msisdn whatsapp mobilenumber mobileno callernumber callerid callednumber calleenumber dialednumber
  diallednumber fromnumber tonumber contactnumber faxnumber address street zipcode postcode postalcode dateofbirth birthdate
  birthday placeofbirth socialsecurity socialinsurance nationalinsurance nationalid taxid ssn dob passport driverlicen
  driverslicen drivinglicen firstname lastname middlename fullname surname`,
  // What pays.
  `card cvv cvc accountnumber routingnumber sortcode securitycode iban`,
  // The same in other languages that field names are written in.
  `passwort kennwort losungswort geheim zugangsdaten zugangscode anmeldedaten unterschrift contrasena contrasenya clavesecreta
  claveprivada motdepasse motsdepasse wachtwoord losenord adgangskode passord salasana jelszo lozinka parola парол секрет
  密码 密碼 口令 パスワード 暗証 비밀번호
  telefon handynummer rufnummer anschrift adresse strasse postleitzahl geburt vorname nachname kreditkarte kontonummer
  steuernummer sozialversicherung direccion nacimiento apellido naissance codepostal prenom nomdefamille indirizzo cognome
  endereco sobrenome aadhaar`,
].flatMap(wordsOf);

/** Too short or too common inside other words: sensitive only as a separate word. */
const TELLING_WORDS = [
  `auth oauth jwt pwd psw pw pass pin otp totp mfa psk tkn sig sid cred salt saml pem pfx dsn
  senha clave heslo haslo hasło parool sifre mdp`,
  `csc cvn pan sin nino birth mobile tel fax addr zip plz bic cpf dni bsn`,
].flatMap(wordsOf);

/** These contain a sensitive part by accident, for example `business_name`. */
const HARMLESS =
  /discard|cardinal|cardiac|cardio|cardboard|scorecard|cardamom|cardigan|wildcard|flashcard|placard|microphone|headphone|phoneme|phonetic|secretary|secretaria|addressed|adobe|[aeiou]ssn(?=[aeou])/g;

/** A longer name is judged sensitive without being read: no honest field has such a name. */
const MAX_NAME_CHARACTERS = 200;

const WORDS = new Set([...TELLING_WORDS, ...TELLING_PARTS]);

/** Linear in the name. */
export function isSensitiveName(name: string): boolean {
  if (name.length > MAX_NAME_CHARACTERS) return true;
  // `userSSNs` is the plural of an acronym, not the words `SS` and `Ns`.
  const letters = withoutMarks(name).replace(/(?<=\p{Lu}{2})s(?!\p{Ll})/gu, '');
  const words = letters.match(/\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{Lo}+/gu) ?? [];
  if (words.some((word) => isTellingWord(word.toLowerCase()))) return true;
  const together = joined(letters);
  // `p_i_n` and `P.I.N.`
  if (isTellingWord(together)) return true;
  const spelled = together.replace(HARMLESS, ' ');
  return TELLING_PARTS.some((part) => spelled.includes(part));
}

/** `contraseña` is typed with and without the tilde, `Straße` with and without ß, and a letter may be full-width. */
function withoutMarks(name: string): string {
  return name.normalize('NFKD').replaceAll(/\p{M}/gu, '').replaceAll('ß', 'ss');
}

function wordsOf(list: string): string[] {
  return list.split(/\s+/).map(joined);
}

function joined(name: string): string {
  return withoutMarks(name)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

function isTellingWord(word: string): boolean {
  return WORDS.has(word) || (word.endsWith('s') && WORDS.has(word.slice(0, -1)));
}
