using Lineage.Bench.Reporting;

namespace Lineage.Bench.SaveRestore;

sealed class SaveRestoreSuite(BenchOptions options, Output output)
{
    public Task<bool> RunAsync()
    {
        output.Line();
        Output.Narrate($"{options.Suite} comes with the next change");
        return Task.FromResult(true);
    }
}
