import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Plugin } from 'vite'

const pack = promisify(gzip)
const worth = /\.(?:js|css|html|svg|json|webmanifest|wasm|txt)$/

/**
 * precompress lays a packed form beside each file that gains by it, so that the
 * server packs nothing while it serves. The header holds no time and no name:
 * the same input gives the same bytes.
 */
export function precompress(): Plugin {
  return {
    name: 'ringfence:precompress',
    apply: 'build',
    async writeBundle({ dir = 'dist' }) {
      for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !worth.test(entry.name)) continue
        const path = join(entry.parentPath, entry.name)
        const plain = await readFile(path)
        const packed = await pack(plain, { level: 9 })
        if (packed.length < plain.length * 0.9) await writeFile(`${path}.gz`, packed)
      }
    },
  }
}
