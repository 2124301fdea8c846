import type { Layout } from './assemble.ts'
import { program } from './binnacle.ts'

/** The same with the embedded ClickHouse engine, which is three quarters of it: for trials and small clusters. */
export const layout: Layout = (image) => program(image, { needed: [`@chdb/lib-linux-${image.arch}-gnu`] })
