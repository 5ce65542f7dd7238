/** What is used of the YAML library, which is loaded only for a file that needs it. */
export { LineCounter, parseDocument } from 'yaml';
