export { people, confirm, done } from '../en/people.ts'
