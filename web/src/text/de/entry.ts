export { invite, login, password } from '../en/entry.ts'
