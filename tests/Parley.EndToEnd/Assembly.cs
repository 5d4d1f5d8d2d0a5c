// The tests share two cores with the servers that they start: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
