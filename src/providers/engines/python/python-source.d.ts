/** Python files imported `with { type: 'text' }`: embedded in the executable, written out at installation. */
declare module '*.py' {
  const source: string
  export default source
}
