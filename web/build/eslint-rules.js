// Rules of this project's own, for eslint.config.js.

const spoken = new Set(['aria-label', 'aria-description', 'aria-roledescription', 'aria-valuetext', 'title', 'alt', 'placeholder', 'label'])

const hasLetter = (text) => /\p{L}/u.test(text)

/** The string that an expression is, where it is a literal; undefined otherwise. */
function literalOf(node) {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral') return node.quasis.map((q) => q.value.cooked).join('')
  return undefined
}

/** Every expression that may be what an expression evaluates to. */
function* outcomes(node) {
  switch (node?.type) {
    case 'ConditionalExpression':
      yield* outcomes(node.consequent)
      yield* outcomes(node.alternate)
      return
    case 'LogicalExpression':
    case 'BinaryExpression':
      if (node.type === 'LogicalExpression' || node.operator === '+') {
        yield* outcomes(node.left)
        yield* outcomes(node.right)
      }
      return
    default:
      yield node
  }
}

/** Every visible text comes from src/text: no words in JSX, nor in what is read aloud. */
const noLiteralText = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { literal: 'Visible text comes from src/text, not from a literal.' },
  },
  create(context) {
    const check = (expression, node) => {
      for (const e of outcomes(expression)) {
        const text = literalOf(e)
        if (text !== undefined && hasLetter(text)) context.report({ node, messageId: 'literal' })
      }
    }
    return {
      JSXText(node) {
        if (hasLetter(node.value)) context.report({ node, messageId: 'literal' })
      },
      JSXExpressionContainer(node) {
        if (node.parent.type === 'JSXElement' || node.parent.type === 'JSXFragment') check(node.expression, node)
      },
      JSXAttribute(node) {
        const name = node.name.type === 'JSXIdentifier' ? node.name.name : ''
        if (!spoken.has(name)) return
        check(node.value?.type === 'JSXExpressionContainer' ? node.value.expression : node.value, node)
      },
    }
  },
}

/** The page's policy allows no inline style. */
const noInlineStyle = {
  meta: { type: 'problem', schema: [], messages: { style: 'The page\'s policy allows no inline style: use a class.' } },
  create(context) {
    return {
      JSXAttribute(node) {
        if (node.name.name === 'style') context.report({ node, messageId: 'style' })
        if (node.name.name === 'dangerouslySetInnerHTML') context.report({ node, messageId: 'style' })
      },
    }
  },
}

export default { rules: { 'no-literal-text': noLiteralText, 'no-inline-style': noInlineStyle } }
