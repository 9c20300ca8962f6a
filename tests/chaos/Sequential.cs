// Every scenario is a whole deployment; two at once on two cores would only measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
