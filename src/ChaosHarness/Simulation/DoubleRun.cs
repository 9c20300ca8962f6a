using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Format;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>Two runs of one history that went different ways.</summary>
/// <param name="Line">Of the trace, counted from 1; 0: the lines agree and only the hash differs.</param>
/// <param name="Here">What the campaign saw; null: its trace had ended.</param>
/// <param name="There">What the other process saw.</param>
public sealed record TraceDifference(long Seed, string? Profile, long Line, string? Here, string? There)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"seed {Seed} went two ways: line {Line} of its trace is \"{Here ?? "(the end)"}\" here and ")
        + $"\"{There ?? "(the end)"}\" in a second process.";
}

/// <summary>
/// One history in a hundred, and at least the first three, is run once more by another process and must take the same steps and see the
/// same
/// things. Were a clock, an address, a hash code or a second thread to have a say, no seed could be trusted to come back.
/// </summary>
/// <remarks>Traces wait in a folder, at most a batch of them at a time, so that neither memory nor disk grows with the campaign.</remarks>
public sealed class DoubleRun : IDisposable
{
    const int AtLeast = 3, Every = 100, BatchMax = 60;
    const string Ending = ".trace";

    readonly string program, folder;
    readonly IReadOnlyList<string> arguments;
    int waiting;

    /// <param name="program">Compares a folder of traces: it is given <paramref name="arguments"/> and the folder.</param>
    public DoubleRun(string program, IReadOnlyList<string> arguments)
    {
        (this.program, this.arguments) = (program, arguments);
        folder = Directory.CreateTempSubdirectory("lineage-twice-").FullName;
    }

    /// <summary>Histories that were found to be the same twice.</summary>
    public long Agreed { get; private set; }

    public static bool Wants(long index) => index < AtLeast || index % Every == 0;

    public bool IsBatchFull => waiting >= BatchMax;

    /// <param name="asked">The profile that the campaign was asked for; null: the seed chose.</param>
    public SimulatedHistory Run(Schedule schedule, string? asked)
    {
        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{schedule.Seed}{Ending}"));
        using var file = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        file.Write($"{asked}\n");
        var history = Simulator.Run(schedule, line => file.Write($"{line}\n"));
        file.Write($"{Hash(history)}\n");
        waiting++;
        return history;
    }

    /// <summary>Has the other process compare what is waiting.</summary>
    /// <returns>The first difference; null if there is none.</returns>
    /// <exception cref="SimulationException">The other process did not get as far as that.</exception>
    public TraceDifference? Compare(CancellationToken ct)
    {
        if (waiting == 0) return null;
        var start = new ProcessStartInfo(program, [.. arguments, folder]) { RedirectStandardOutput = true, UseShellExecute = false };
        using var other = Process.Start(start) ?? throw new SimulationException($"{program} did not start for the second run.");
        using var stop = ct.Register(() => other.Kill(entireProcessTree: true));
        var output = other.StandardOutput.ReadToEnd();
        other.WaitForExit();
        ct.ThrowIfCancellationRequested();
        var difference = output.Length == 0 ? null : JsonSerializer.Deserialize<TraceDifference>(output, CanonicalJson.Options);
        if (difference is null && other.ExitCode != 0)
            throw new SimulationException(
                $"The process for the second run ended with {other.ExitCode}: {string.Join(' ', start.ArgumentList)}");
        if (difference is null) Agreed += waiting;
        foreach (var trace in Directory.EnumerateFiles(folder)) File.Delete(trace);
        waiting = 0;
        return difference;
    }

    /// <summary>What the other process does: runs every history whose trace lies in the folder, and holds it against that.</summary>
    /// <param name="simulate">Runs a schedule and tells what goes on.</param>
    /// <returns>The first difference as JSON; empty if there is none.</returns>
    public static string Differences(string folder, Func<Schedule, Action<TraceLine>, SimulatedHistory> simulate)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Ending).Order(StringComparer.Ordinal))
            if (Difference(path, simulate) is { } found) return Encoding.UTF8.GetString(CanonicalJson.Write(found));
        return "";
    }

    static TraceDifference? Difference(string path, Func<Schedule, Action<TraceLine>, SimulatedHistory> simulate)
    {
        var seed = long.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture);
        using var trace = new StreamReader(path);
        var profile = trace.ReadLine() is { Length: > 0 } asked ? asked : null;
        TraceDifference? first = null;
        var number = 0L;
        void Hold(string line)
        {
            number++;
            if (trace.ReadLine() is var here && first is null && !string.Equals(here, line, StringComparison.Ordinal))
                first = new TraceDifference(seed, profile, number, here, line);
        }

        var history = simulate(Swarm.Draw(seed, profile), line => Hold(line.ToString()));
        Hold(Hash(history));
        return first ?? (trace.ReadLine() is { } more ? new TraceDifference(seed, profile, number + 1, more, There: null) : null);
    }

    static string Hash(SimulatedHistory history) => $"trace hash {history.TraceHash.ToString("x16", CultureInfo.InvariantCulture)}";

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
