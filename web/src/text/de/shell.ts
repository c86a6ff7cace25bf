export { app, link, notFound } from '../en/shell.ts'
