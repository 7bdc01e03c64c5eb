/**
 * Whether a field's name says that its value is a secret or personal. Names come in every spelling (`cardNumber`,
 * `card-number`, `CARDNUMBER`), so two questions are asked: does one of its words say so, and does it without
 * separators contain something that cannot be part of a harmless name.
 */

/** Telling wherever they stand in a name without separators. */
const TELLING_PARTS = [
  'authorization',
  'authtoken',
  'cookie',
  'credential',
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'secret',
  'signature',
  'signingkey',
  'token',
  'apikey',
  'accesskey',
  'privatekey',
  'encryptionkey',
  'sessionkey',
  'sessionid',
  'bearer',
  'onetimecode',
  'verificationcode',
  'email',
  'phone',
  'msisdn',
  'whatsapp',
  'mobilenumber',
  'mobileno',
  'callernumber',
  'callerid',
  'callednumber',
  'calleenumber',
  'dialednumber',
  'diallednumber',
  'fromnumber',
  'tonumber',
  'contactnumber',
  'faxnumber',
  'address',
  'street',
  'zipcode',
  'postcode',
  'postalcode',
  'dateofbirth',
  'birthdate',
  'birthday',
  'placeofbirth',
  'socialsecurity',
  'socialinsurance',
  'nationalinsurance',
  'nationalid',
  'taxid',
  'passport',
  'driverlicen',
  'driverslicen',
  'drivinglicen',
  'card',
  'cvv',
  'cvc',
  'ssn',
  'dob',
  'accountnumber',
  'routingnumber',
  'sortcode',
  'securitycode',
  'iban',
  'firstname',
  'lastname',
  'middlename',
  'fullname',
  'surname',
];

/** Too short or too common inside other words: telling only as a word of their own. */
const TELLING_WORDS = [
  'auth',
  'oauth',
  'jwt',
  'pwd',
  'pw',
  'pass',
  'pin',
  'otp',
  'totp',
  'mfa',
  'csc',
  'cvn',
  'pan',
  'sin',
  'nino',
  'birth',
  'mobile',
  'tel',
  'fax',
  'addr',
  'zip',
  'bic',
];

/** These contain a telling part by accident, `business_name` and its kind among them. */
const HARMLESS =
  /discard|cardinal|cardiac|cardio|cardboard|scorecard|wildcard|flashcard|placard|microphone|headphone|phoneme|phonetic|secretary|secretaria|addressed|adobe|[aeiou]ssn(?=[aeou])/g;

/** Beyond this a name is judged telling unread: no honest field is called so. */
const MAX_NAME_CHARACTERS = 200;

const WORDS = new Set([...TELLING_WORDS, ...TELLING_PARTS]);

export function isSensitiveName(name: string): boolean {
  if (name.length > MAX_NAME_CHARACTERS) return true;
  // `userSSNs` is the plural of an acronym, not the words `SS` and `Ns`.
  const folded = name.normalize('NFKC').replace(/(\p{Lu}{2,})s(?!\p{Ll})/gu, '$1');
  const words = folded.match(/\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{Lo}+/gu) ?? [];
  if (words.some((word) => isTellingWord(word.toLowerCase()))) return true;
  const joined = folded.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  // `p_i_n` and `P.I.N.`
  if (isTellingWord(joined)) return true;
  const spelled = joined.replace(HARMLESS, ' ');
  return TELLING_PARTS.some((part) => spelled.includes(part));
}

function isTellingWord(word: string): boolean {
  return WORDS.has(word) || (word.endsWith('s') && WORDS.has(word.slice(0, -1)));
}
