import type { Page } from 'playwright-core'

/** Finds the text with the lowest contrast to its background (WCAG 2.2; 4.5 is level AA). */
export const lowestContrast = (page: Page): Promise<{ ratio: number; text: string }> =>
  page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    if (canvas === null) throw new Error('no canvas')
    const luminance = (color: string): number => {
      canvas.fillStyle = color
      canvas.fillRect(0, 0, 1, 1)
      const [red = 0, green = 0, blue = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
        const part = value / 255
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const behind = (element: Element | null): string => {
      if (element === null) return 'white'
      const { backgroundColor } = getComputedStyle(element)
      return backgroundColor === 'rgba(0, 0, 0, 0)' ? behind(element.parentElement) : backgroundColor
    }
    const measured = [...document.body.querySelectorAll('*')].flatMap((element) => {
      const text = element.textContent?.trim() ?? ''
      if (!element.checkVisibility() || element.childElementCount > 0 || text === '') return []
      const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))]
      return [{ ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text }]
    })
    return measured.sort((a, b) => a.ratio - b.ratio)[0] ?? { ratio: 0, text: 'the page has no text' }
  })
