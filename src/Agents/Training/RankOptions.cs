using System.Net;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Training;

/// <summary>One rank process of one generation, as the launcher starts it.</summary>
/// <param name="StateDirectory">Root of the state directory; this rank writes below <c>runs/{run}</c>.</param>
/// <param name="Rendezvous">Where the launcher's rendezvous listens.</param>
/// <param name="Token">Secret of this generation.</param>
/// <param name="LastStep">Training ends when so many steps are done.</param>
/// <param name="SaveEvery">Steps between saves; 0 saves at the end only.</param>
/// <param name="RestorePoint">What to restore first; null begins from the initial state.</param>
/// <param name="Corpus">File or directory; null for the default corpus.</param>
/// <param name="LauncherProcess">Process id of the launcher, with which this rank dies; 0 when there is none.</param>
public sealed record RankOptions(
    RunId Run, Generation Generation, Rank Rank, WorldSize WorldSize, string StateDirectory, IPEndPoint Rendezvous, string Token,
    Step LastStep, long SaveEvery, CheckpointId? RestorePoint, TrainerSettings Trainer, string? Corpus, int LauncherProcess)
{
    /// <summary>Address on which this rank listens for its peers.</summary>
    public IPAddress Listen { get; init; } = IPAddress.Loopback;

    /// <summary>Time for all ranks to join.</summary>
    public TimeSpan JoinDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest silence of a peer during a step.</summary>
    public TimeSpan PeerDeadline { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Where the patched native library may be kept; null for the user's cache.</summary>
    public string? CacheDirectory { get; init; }

    internal bool SavesAt(Step step) => SaveEvery > 0 && step.Value % SaveEvery == 0;
}

/// <summary>Where a run keeps its files in the state directory.</summary>
public sealed record RunDirectory(string StateDirectory, RunId Run)
{
    public string Root => Path.Combine(StateDirectory, "runs", Run.ToString());

    /// <summary>One line per step, appended by rank 0.</summary>
    public string Losses => Path.Combine(Root, "loss.jsonl");

    /// <summary>Which processes belong to the current generation; replaced as a whole by the launcher.</summary>
    public string Launch => Path.Combine(Root, "launch.json");

    public string Logs => Path.Combine(Root, "logs");

    public string Log(Rank rank) => Path.Combine(Logs, $"r{rank}.log");

    public string LauncherLog => Path.Combine(Logs, "launch.log");

    public string FinalReport(Rank rank) => Path.Combine(Root, $"final-r{rank}.json");
}
