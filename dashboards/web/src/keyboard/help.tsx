import { KeyValue } from '../parts/key-value.tsx'
import { Modal } from './modal.tsx'
import { shortcuts } from './shortcuts.ts'

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Modal label="Keyboard shortcuts" onClose={onClose}>
      <h2>Keyboard shortcuts</h2>
      <KeyValue items={shortcuts.map(({ keys, does }) => [keys, does])} />
    </Modal>
  )
}
