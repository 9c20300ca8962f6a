using Lineage.Agents.Tiers;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Agents.Reporting;

/// <summary>
/// Facts that are not yet known to be on record, one file each in a directory of one rank. Durable when <see cref="AddAsync"/> returns.
/// Thread safe.
/// </summary>
/// <remarks>
/// A crash while adding leaves a temporary file, which the next <see cref="Open"/> removes: the fact was then never promised. A crash while
/// removing leaves the fact, which is sent again and found settled. A file that cannot be read is moved to <c>corrupt/</c> beside it,
/// reported once and kept.
/// </remarks>
public sealed class Outbox
{
    public const int EntriesMaxDefault = 4_096;

    readonly string directory;
    readonly int entriesMax;
    readonly Lock gate = new();
    readonly Dictionary<MessageId, FactMessage> entries = [];

    Outbox(string directory, int entriesMax)
    {
        this.directory = directory;
        this.entriesMax = entriesMax;
    }

    /// <summary>Reads what an earlier process left.</summary>
    /// <param name="report">Told each outbox-corrupt problem, once per damaged file.</param>
    /// <exception cref="LineageProblemException">directory-unwritable or disk-full.</exception>
    public static Outbox Open(string directory, Action<Problem> report, int entriesMax = EntriesMaxDefault)
    {
        var outbox = new Outbox(Path.GetFullPath(directory), entriesMax);
        try
        {
            DurableFile.MakeDirectory(outbox.directory);
            DurableFile.CleanLeftovers(outbox.directory);
            foreach (var path in Directory.EnumerateFiles(outbox.directory, "*.json").Order(StringComparer.Ordinal))
                outbox.Load(path, report);
        }
        catch (Exception e) when (DurableFile.Classify(e, directory) is not null)
        {
            throw DurableFile.Classify(e, directory)!;
        }

        return outbox;
    }

    public int Count
    {
        get
        {
            lock (gate) return entries.Count;
        }
    }

    public IReadOnlyList<FactMessage> Entries
    {
        get
        {
            lock (gate) return [.. entries.Values.OrderBy(static m => m.Checkpoint.Generation).ThenBy(static m => m.Checkpoint.Step)];
        }
    }

    /// <summary>Keeps a fact until it is removed; adding it again changes nothing.</summary>
    /// <exception cref="LineageProblemException">outbox-full, disk-full or directory-unwritable: the fact was not kept.</exception>
    public async Task AddAsync(FactMessage message, IDurableSteps steps, CancellationToken ct)
    {
        lock (gate)
        {
            if (entries.ContainsKey(message.Id)) return;
            if (entries.Count >= entriesMax) throw Full(message);
        }

        var bytes = OutboxEntry.Write(message);
        await DurableFile.WriteAsync(
            Path.Combine(directory, OutboxEntry.NameOf(message.Id)),
            async (file, token) => await file.WriteAsync(bytes, token),
            stage => Announce(stage, steps),
            ct);
        lock (gate) entries[message.Id] = message;
    }

    /// <summary>Forgets a fact. Not synced: if a crash brings the file back, the fact is sent again and found settled.</summary>
    public void Remove(MessageId id)
    {
        lock (gate)
            if (!entries.Remove(id)) return;
        File.Delete(Path.Combine(directory, OutboxEntry.NameOf(id)));
    }

    void Load(string path, Action<Problem> report)
    {
        var name = Path.GetFileName(path);
        var length = new FileInfo(path).Length;
        string objection;
        if (length > OutboxEntry.BytesMax)
        {
            objection = $"it has {length:N0} bytes, at most {OutboxEntry.BytesMax:N0} are allowed";
        }
        else if (OutboxEntry.Read(name, File.ReadAllBytes(path), out objection) is { } message)
        {
            entries[message.Id] = message;
            return;
        }

        var kept = SetAside(path, name);
        report(Problem.Of(
            ProblemCodes.OutboxCorrupt, 500, "Outbox entry damaged",
            $"Outbox entry {path} cannot be read: {objection}. It was moved to {kept} and is not sent; everything else is. " +
            "If its checkpoint is not sealed it will be abandoned at its deadline. Look at the file, then delete it."));
    }

    string SetAside(string path, string name)
    {
        var corrupt = Path.Combine(directory, "corrupt");
        DurableFile.MakeDirectory(corrupt);
        for (var number = 0; ; number++)
        {
            var target = Path.Combine(corrupt, number == 0 ? name : $"{name}.{number}");
            if (!NativeFiles.RenameWithoutReplacing(path, target)) continue;
            NativeFiles.SyncDirectory(corrupt);
            NativeFiles.SyncDirectory(directory);
            return target;
        }
    }

    LineageProblemException Full(FactMessage message) => new(Problem.Of(
        ProblemCodes.OutboxFull, 507, "Outbox full",
        $"The report of checkpoint {message.Checkpoint}, rank {message.Rank}, was not kept: {directory} holds {entriesMax:N0} unsent " +
        "reports, its limit. The shard is stored but will not count. Training goes on. Bring the server back; the outbox drains itself."));

    static void Announce(WriteStage stage, IDurableSteps steps)
    {
        if (stage == WriteStage.Written) steps.Reached(DurableStep.OutboxTempWritten);
        if (stage == WriteStage.Synced) steps.Reached(DurableStep.OutboxSynced);
        if (stage == WriteStage.Renamed) steps.Reached(DurableStep.OutboxRenamed);
        if (stage == WriteStage.DirectorySynced) steps.Reached(DurableStep.OutboxDirSynced);
    }
}
