import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../system/files/atomic-file.ts'

/** Makes `folder`, and every file and folder below it, durable. Links are part of their folder. */
export const syncTree = async (folder: string): Promise<void> => {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await syncTree(path)
    else if (entry.isFile()) {
      const file = await open(path, 'r')
      try {
        await file.sync()
      } finally {
        await file.close()
      }
    }
  }
  await syncFolder(folder)
}
