using System.Globalization;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Chaos.Scenarios;

/// <summary>A deployment of real processes in a folder of its own, with the waiting that scenarios share. Every wait is bounded.</summary>
sealed class World : IAsyncDisposable
{
    static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(3), Poll = TimeSpan.FromMilliseconds(100);

    World(TrainingWorld training, CancellationTokenSource deadline) => (Training, Deadline) = (training, deadline);

    public TrainingWorld Training { get; }

    CancellationTokenSource Deadline { get; }

    public CancellationToken Cancellation => Deadline.Token;

    /// <summary>The program under test, from the same build as these tests.</summary>
    public static string Program
    {
        get
        {
            var flavour = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            var path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Cli", flavour, "lineage"));
            return File.Exists(path) ? path : throw new FileNotFoundException($"Build src/Cli first: {path} is not there.");
        }
    }

    public static async Task<World> StartAsync(string name, bool broker = false)
    {
        var deadline = new CancellationTokenSource(WaitMax + WaitMax);
        var folder =
            Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"lineage-chaos-{Environment.ProcessId}-{name}"));
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        var training = await TrainingWorld.StartAsync(new WorldOptions(Program, folder, broker), TimeProvider.System, deadline.Token);
        return new World(training, deadline);
    }

    public ChildProcess Launch(RunId run, int ranks, long steps, long saveEvery, params string[] more) => Training.Launch(
        run,
        [
            "-n", ranks.ToString(CultureInfo.InvariantCulture), "--steps", steps.ToString(CultureInfo.InvariantCulture),
            "--save-every", saveEvery.ToString(CultureInfo.InvariantCulture), .. more,
        ]);

    /// <summary>Asks until the answer holds; a service that is away for a moment is asked again.</summary>
    public async Task<T> UntilAsync<T>(string what, Func<Task<T>> ask, Func<T, bool> holds)
    {
        using var wait = new CancellationTokenSource(WaitMax);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(wait.Token, Cancellation);
        while (true)
        {
            try
            {
                var answer = await ask();
                if (holds(answer)) return answer;
            }
            catch (HttpRequestException) when (!either.IsCancellationRequested)
            {
                // away for a moment, as the scenario wants it: the bound below decides
            }

            if (either.IsCancellationRequested) throw new TimeoutException($"Did not happen within {WaitMax.TotalSeconds:N0} s: {what}.");
            await Task.Delay(Poll, TimeProvider.System);
        }
    }

    public Task<IReadOnlyList<CheckpointView>> CheckpointsAsync(RunId run) => Training.Api.CheckpointsAsync(run, Cancellation);

    public Task<RunView?> RunAsync(RunId run) => Training.Api.GetAsync<RunView>($"v1/runs/{run}", Cancellation);

    public async ValueTask DisposeAsync()
    {
        await Training.DisposeAsync();
        Deadline.Dispose();
        Directory.Delete(Training.StateDirectory, recursive: true);
    }
}
