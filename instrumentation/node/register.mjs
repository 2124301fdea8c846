// `--import @binnacle/instrumentation`: the same as `--require`.
import './register.cjs'
