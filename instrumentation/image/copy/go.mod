module binnacle.dev/instrumentation/copy

go 1.23
