using System.Globalization;
using Lineage.ChaosHarness.Histories;
using Lineage.Contracts.Api;

namespace Lineage.ChaosHarness.Scenarios.Files;

/// <summary>What people ask beside training: one after the other, each once the checkpoint that it names is there.</summary>
sealed class FileOperations(FilePlay play, IEnumerable<Operation> operations)
{
    const string Person = "reader";

    readonly Queue<Operation> left = new(operations.Where(static one => one.Kind is not (OperationKind.Save or OperationKind.Complete)));
    Task<(int ExitCode, string Output)>? running;
    int asked;

    public bool IsIdle => running is null;

    /// <summary>Looks whether one has ended, and begins the next. It waits for nothing.</summary>
    public async Task StepAsync(IReadOnlyList<CheckpointView> newestFirst)
    {
        if (running is { IsCompleted: true } ended) await EndAsync(ended);
        if (running is not null || !left.TryPeek(out var next)) return;
        var known = newestFirst.Where(static one => one.Phase is CheckpointPhase.Sealed or CheckpointPhase.Verified).ToList();
        if (known.Count <= next.Argument) return;
        left.Dequeue();
        var id = known[(int)next.Argument].Checkpoint.ToString();
        asked = play.Stage.Record.Ask(Person, next.Kind, id);
        running = play.World.CommandAsync(play.Stage.Cancellation, Arguments(next.Kind, id));
    }

    /// <summary>What nothing was left to ask of is told as failed: that may happen under faults.</summary>
    public void GiveUp()
    {
        while (left.TryDequeue(out var none))
            play.Stage.Record.Answer(
                Person, play.Stage.Record.Ask(Person, none.Kind, "none"), Outcome.Failed, code: null, "there is no such checkpoint");
    }

    async Task EndAsync(Task<(int ExitCode, string Output)> ended)
    {
        running = null;
        try
        {
            var (exitCode, _) = await ended;
            play.Stage.Record.Answer(
                Person, asked, exitCode == ExitCodes.Done ? Outcome.Ok : Outcome.Failed, code: null,
                string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}"));
        }
        catch (IOException lost)
        {
            play.Stage.Record.Answer(Person, asked, Outcome.Unknown, code: null, lost.Message);   // its world went away under it
        }
    }

    string[] Arguments(OperationKind kind, string id) => kind switch
    {
        OperationKind.Verify => ["verify", id, "--deep"],
        OperationKind.Restore => ["restore", id, "--to", Path.Combine(play.World.StateDirectory, $"restored-{asked}")],
        OperationKind.Pin => ["pin", "set", id, "--reason", "to look at"],
        OperationKind.Unpin => ["pin", "remove", id, "--reason", "looked at"],
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
