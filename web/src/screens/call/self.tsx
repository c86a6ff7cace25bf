import { useLayoutEffect, useRef, useState } from 'preact/hooks'

import { type CallShown } from '../../state/call.ts'
import { type Arrow, type Corner, moved, nearestCorner, next, sides } from '../../state/call-view.ts'
import { t } from '../../text/index.ts'
import { useApp } from '../../ui/context.ts'
import { still, useAspect, useFit } from './hooks.ts'
import { Moving } from './parts.tsx'

const arrows: Readonly<Record<string, Arrow>> = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right' }

/** A finger that moved less than this has pressed and not dragged. */
const dragFrom = 6
const glide = 180

const wordsOf = (corner: Corner): string => {
  const { bottom, right } = sides(corner, t.meta.dir)
  if (bottom) return right ? t.stage.selfAt.bottomRight : t.stage.selfAt.bottomLeft
  return right ? t.stage.selfAt.topRight : t.stage.selfAt.topLeft
}

interface Drag {
  readonly x: number
  readonly y: number
  far: boolean
}

/** useDrag lets a finger or a mouse carry an element to a corner of its stage. */
function useDrag(place: (corner: Corner) => void) {
  const drag = useRef<Drag | undefined>(undefined)
  const dragged = useRef(false)
  const end = (e: PointerEvent & { currentTarget: HTMLElement }, dropped: boolean): void => {
    const at = drag.current
    drag.current = undefined
    if (at?.far !== true) return
    dragged.current = true // the click that follows means nothing
    const own = e.currentTarget
    const box = (own.offsetParent ?? document.documentElement).getBoundingClientRect()
    const now = own.getBoundingClientRect()
    if (dropped) place(nearestCorner(now.x + now.width / 2 - box.x, now.y + now.height / 2 - box.y, box, t.meta.dir))
    own.style.transform = ''
    own.classList.remove('dragged')
  }
  return {
    wasDrag: (): boolean => {
      const was = dragged.current
      dragged.current = false
      return was
    },
    onPointerDown: (e: PointerEvent & { currentTarget: HTMLElement }): void => {
      if (e.button !== 0) return
      dragged.current = false
      drag.current = { x: e.clientX, y: e.clientY, far: false }
      e.currentTarget.setPointerCapture(e.pointerId)
    },
    onPointerMove: (e: PointerEvent & { currentTarget: HTMLElement }): void => {
      const at = drag.current
      if (at === undefined) return
      const dx = e.clientX - at.x
      const dy = e.clientY - at.y
      at.far ||= Math.hypot(dx, dy) > dragFrom
      if (!at.far) return
      e.currentTarget.classList.add('dragged')
      e.currentTarget.style.transform = `translate(${dx}px, ${dy}px)`
    },
    onPointerUp: (e: PointerEvent & { currentTarget: HTMLElement }): void => end(e, true),
    onPointerCancel: (e: PointerEvent & { currentTarget: HTMLElement }): void => end(e, false),
  }
}

/** Self is one's own picture: in a corner that one chooses, or large while nobody else is seen yet. */
export function Self({ shown, large }: { shown: CallShown; large: boolean }) {
  const { preferences } = useApp()
  const ref = useRef<HTMLButtonElement>(null)
  const before = useRef<DOMRect | undefined>(undefined)
  const video = useRef<HTMLVideoElement>(null)
  const [said, say] = useState('')
  const corner = preferences.selfCorner.value
  const seen = shown.camera || shown.screen

  const place = (to: Corner): void => {
    before.current = ref.current?.getBoundingClientRect()
    preferences.selfCorner.value = to
    say(wordsOf(to))
  }
  const { wasDrag, ...drag } = useDrag(place)

  useAspect(ref, video)
  const fit = useFit(video, shown.screen, large)

  // It goes from where it was to where it is now, so that the eye can follow.
  useLayoutEffect(() => {
    const from = before.current
    const own = ref.current
    before.current = own?.getBoundingClientRect()
    if (from === undefined || from.width === 0 || own === null || still()) return
    const to = own.getBoundingClientRect()
    const start = `translate(${from.x - to.x}px, ${from.y - to.y}px) scale(${from.width / (to.width || 1)}, ${from.height / (to.height || 1)})`
    own.animate([{ transform: start, transformOrigin: '0 0' }, { transform: 'none', transformOrigin: '0 0' }], { duration: glide, easing: 'ease-out' })
  }, [corner, large])

  return (
    <>
      <div class="self-places">
        <button
          type="button"
          ref={ref}
          class={`self ${corner} ${large ? 'large' : ''} ${seen ? '' : 'gone'}`}
          aria-label={t.stage.selfMove}
          disabled={large}
          {...drag}
          onClick={() => !wasDrag() && place(next(corner))}
          onKeyDown={(e) => {
            const arrow = arrows[e.key]
            if (arrow === undefined) return
            e.preventDefault()
            place(moved(corner, arrow, t.meta.dir))
          }}
        >
          <Moving
            id="self-video"
            stream={shown.localStream}
            label={shown.screen ? t.stage.ownScreen : t.call.you}
            muted
            mirrored={preferences.mirror.value && !shown.screen && shown.facing !== 'environment'}
            seen={seen}
            fit={shown.screen ? 'contain' : large ? fit : 'cover'}
            inner={video}
          />
        </button>
      </div>
      <p class="unseen" role="status">
        {said}
      </p>
    </>
  )
}
