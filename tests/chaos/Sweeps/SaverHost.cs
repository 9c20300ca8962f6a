using System.Globalization;
using Lineage.Agents.Saving;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Simulation;
using Lineage.ChaosHarness.Sweeps;
using Lineage.Contracts.Identity;
using Lineage.Tests.Chaos.Simulation;

namespace Lineage.Tests.Chaos.Sweeps;

/// <summary>
/// The process that a sweep kills: a real saving library in a process of its own. It kills itself with SIGKILL at the step that it is
/// told, which is the one exact way to stop there.
/// </summary>
static class SaverHost
{
    public const int Survived = 0;

    /// <summary>
    /// <c>save SERVER STATE RUN RANK WORLD STEP</c>: saves step 1 whole, waits until the sweep allows, saves step 2 and dies at STEP
    /// ("none": does not).
    /// <c>store STATE STEP</c>: puts an object and an outbox entry, then others and dies at STEP.
    /// <c>again DIR</c>: runs histories once more, in a way that differs from process to process.
    /// </summary>
    static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["save", var server, var state, var run, var rank, var world, var step]:
                await SaveAsync(new Uri(server), state, RunId.Parse(run), new Rank(Number(rank)), new WorldSize(Number(world)), step);
                return Survived;
            case ["again", var folder]:
                await Console.Out.WriteAsync(DoubleRun.Differences(folder, DoubleRuns.WithAProcessInIt));
                return Survived;
            case ["store", var state, var step]:
                await StorageDeath.WorkAsync(state, step, CancellationToken.None);
                return Survived;
            default:
                await Console.Error.WriteLineAsync("expected: save SERVER STATE RUN RANK WORLD STEP, store STATE STEP, or again DIR");
                return 2;
        }
    }

    public static RankSavingOptions Options(Uri server, string state, RunId run, Generation generation, Rank rank, WorldSize world) => new(
        server, Path.Combine(state, "store"), Broker: null,
        new SaverOptions(
            run, generation, rank, world, ActorId.Parse($"rank:{run}/{generation}/{rank}"), Path.Combine(state, "runs", run.ToString())));

    /// <summary>Exists once the first save is done; then the sweep makes <see cref="Go"/>.</summary>
    public static string Ready(string state, RunId run) => Path.Combine(state, $"{run}.ready");

    public static string Go(string state, RunId run) => Path.Combine(state, $"{run}.go");

    static async Task SaveAsync(Uri server, string state, RunId run, Rank rank, WorldSize world, string step)
    {
        var gate = new Gate(step);
        var options = Options(server, state, run, new Generation(1), rank, world);
        await using var hooks = await RankSaving.OpenAsync(options, TimeProvider.System, Console.WriteLine, gate, CancellationToken.None);
        await hooks.SaveAsync(SweepState.At(1, rank, world), new Step(1), final: false, CancellationToken.None);
        await hooks.DrainAsync(CancellationToken.None);
        await File.WriteAllTextAsync(Ready(state, run), "");
        while (!File.Exists(Go(state, run))) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        gate.Open();
        await hooks.SaveAsync(SweepState.At(2, rank, world), new Step(2), final: false, CancellationToken.None);
        await hooks.DrainAsync(CancellationToken.None);
    }

    static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The failpoint, closed until the part of the work begins that is to be hit.</summary>
    sealed class Gate(string step) : IDurableSteps
    {
        readonly IDurableSteps fault =
            step == "none" ? NoSteps.Instance : new KillAtDurableStep(Enum.Parse<DurableStep>(step), occurrence: 1);

        volatile bool open;

        public void Open() => open = true;

        public void Reached(DurableStep reached)
        {
            if (open) fault.Reached(reached);
        }
    }
}
