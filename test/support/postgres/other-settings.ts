/** What somebody may have set for a database or a role, each unlike PostgreSQL's default and unlike what we would choose. */
export const OTHER_SETTINGS = [
  "timezone = 'Asia/Kathmandu'",
  "datestyle = 'SQL, DMY'",
  "datestyle = 'German'",
  "intervalstyle = 'sql_standard'",
  "bytea_output = 'escape'",
  'extra_float_digits = -15',
  'standard_conforming_strings = off',
  'search_path = elsewhere, public, pg_catalog',
] as const;
