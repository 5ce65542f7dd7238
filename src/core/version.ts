/** Version of every JSON document this program prints; it changes when a key's meaning does. */
export const JSON_VERSION = 1;
