using System.Text.Json;
using System.Text.Json.Serialization;
using Lineage.Agents.Training;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Launching;

/// <summary>A living rank process.</summary>
public sealed record RankProcess(Rank Rank, int ProcessId);

/// <summary>
/// Which processes belong to a run right now, in <c>runs/{run}/launch.json</c>, replaced as a whole when a generation starts and when the
/// launcher ends (then without ranks). After a crash of the launcher it names processes that are gone.
/// </summary>
public sealed record LaunchRecord(
    RunId Run, int LauncherProcess, Generation? Generation, CheckpointId? RestorePoint, IReadOnlyList<RankProcess> Ranks, DateTimeOffset At)
{
    static readonly JsonSerializerOptions Json = ContractJson.Create();

    public void Write(RunDirectory directory) => WholeFile.Write(directory.Launch, JsonSerializer.SerializeToUtf8Bytes(this, Json));

    /// <summary>Null when the run was never launched from this state directory.</summary>
    public static LaunchRecord? Read(RunDirectory directory) =>
        File.Exists(directory.Launch) ? JsonSerializer.Deserialize<LaunchRecord>(File.ReadAllBytes(directory.Launch), Json) : null;
}

/// <summary>What a launcher says while it works; for the terminal, a log or a test.</summary>
public abstract record LaunchNote
{
    LaunchNote() { }

    public sealed record GenerationStarted(Generation Generation, CheckpointId? RestorePoint, string Why) : LaunchNote;

    public sealed record RankSaid(RankEvent Event) : LaunchNote;

    public sealed record GenerationFailed(Generation Generation, LaunchFailure Failure) : LaunchNote;

    public sealed record Recovered(RecoveryTiming Timing) : LaunchNote;

    /// <summary>Something went wrong that the launcher lives with.</summary>
    public sealed record Warned(string Message) : LaunchNote;

    public sealed record Ended(LaunchEnd End) : LaunchNote;
}

/// <summary>What a launch came to.</summary>
/// <param name="Recoveries">One per recovery that reached its first step, by phase.</param>
/// <param name="SaveStalls">Training stall of each save of each rank, milliseconds.</param>
public sealed record LaunchResult(
    LaunchEnd End, Generation? Generation, int Restarts, IReadOnlyList<RecoveryTiming> Recoveries, IReadOnlyList<double> SaveStalls);

/// <summary>The launch's result as a file for others to read, <c>runs/{run}/launch-result.json</c>.</summary>
public static class LaunchResultFile
{
    static readonly JsonSerializerOptions Json = CreateJson();

    static JsonSerializerOptions CreateJson()
    {
        var options = ContractJson.Create();
        options.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals;
        return options;
    }

    static string PathOf(RunDirectory directory) => Path.Combine(directory.Root, "launch-result.json");

    public static void Write(RunDirectory directory, LaunchResult result) =>
        WholeFile.Write(PathOf(directory), JsonSerializer.SerializeToUtf8Bytes(result, Json));

    /// <summary>Null when no launch of the run has ended yet.</summary>
    public static LaunchResult? Read(RunDirectory directory) =>
        File.Exists(PathOf(directory)) ? JsonSerializer.Deserialize<LaunchResult>(File.ReadAllBytes(PathOf(directory)), Json) : null;
}
