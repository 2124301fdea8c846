// The base comes first: what parts say about the same thing wins.
import './tokens.css'
import './base.css'

import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createQueryClient } from './api.ts'
import { startTheme } from './parts/theme.ts'
import { createAppRouter } from './router.tsx'

startTheme()

const root = document.getElementById('root')
if (!root) throw new Error('BUG: index.html has no #root')

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={createAppRouter()} />
    </QueryClientProvider>
  </StrictMode>,
)
