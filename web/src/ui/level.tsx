import { useEffect, useState } from 'preact/hooks'

/** How often the bar moves. */
const pace = 70
/** A voice is louder than this, and lasts for so many looks; a knock doesn't. */
const voice = 0.02
const lasts = 4

/** Follows how loud a stream's sound is, 0 to 1 as ears count; calls onVoice once when somebody talks. */
function useLevel(stream: MediaStream | undefined, onVoice: () => void): number {
  const [level, setLevel] = useState(0)
  useEffect(() => {
    const [track] = stream?.getAudioTracks() ?? []
    if (track === undefined) return undefined
    const context = new AudioContext()
    const analyser = new AnalyserNode(context, { fftSize: 1024 })
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
    void context.resume()
    const samples = new Float32Array(analyser.fftSize)
    let loud = 0
    let shown = 0
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples)
      const rms = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
      loud = rms > voice ? loud + 1 : 0
      if (loud === lasts) onVoice()
      const now = rms === 0 ? 0 : Math.min(1, Math.max(0, 1 + Math.log10(rms / 0.3) / 2.2))
      shown = Math.max(now, shown * 0.75)
      setLevel(Math.round(shown * 50) / 50)
    }, pace)
    return () => {
      clearInterval(timer)
      void context.close()
      setLevel(0)
    }
  }, [stream])
  return level
}

/** LevelBar is so full as it is loud, 0 to 1. */
export function LevelBar({ label, level }: { label: string; level: number }) {
  return (
    <div class="level" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={10} aria-valuenow={Math.round(level * 10)}>
      <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <rect class="level-fill" width={level * 100} height="1" />
      </svg>
    </div>
  )
}

/** Level is a bar that moves with the voice. It says nothing aloud by itself. */
export function Level({ label, stream, onVoice }: { label: string; stream: MediaStream | undefined; onVoice: () => void }) {
  return <LevelBar label={label} level={useLevel(stream, onVoice)} />
}
