export { call } from '../en/call.ts'
