using System.Buffers.Binary;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Simulation;

/// <summary>A stored shard as far as it matters here: whose it is, what it refers to, what it holds, and the root over that.</summary>
/// <param name="Words">The state, or its difference to the base's state.</param>
/// <param name="Root">As the writer took it.</param>
/// <param name="Whole">False for a torn or cut-off file.</param>
public sealed record ShardImage(
    CheckpointId Checkpoint, Rank Rank, ContentHash? BaseRoot, RankState Words, ContentHash Root, bool Whole = true)
{
    public const long Bytes = 4_096;

    /// <summary>Identity and base are under the root, so a whole shard in the wrong place does not fit there.</summary>
    public static ContentHash RootOf(CheckpointId checkpoint, Rank rank, ContentHash? baseRoot, RankState words)
    {
        Span<byte> bytes = stackalloc byte[32 + 24 + RankState.BytesMax];
        if (baseRoot is { } root) Convert.FromHexString(root.Hex, bytes, out _, out _);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], checkpoint.Generation.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[40..], checkpoint.Step.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[48..], rank.Value);
        return ContentHash.Of(bytes[..(56 + words.WriteTo(bytes[56..]))]);
    }

    public static ShardImage Of(CheckpointId checkpoint, Rank rank, ContentHash? baseRoot, RankState words) =>
        new(checkpoint, rank, baseRoot, words, RootOf(checkpoint, rank, baseRoot, words));

    /// <summary>The root that the bytes have now.</summary>
    public ContentHash Reread() => RootOf(Checkpoint, Rank, BaseRoot, Words);

    public string Key => ObjectKeys.Shard(new ShardId(Checkpoint, Rank));
}

/// <summary>One file: what a reader sees, and how much of it a power loss leaves.</summary>
sealed class ModelFile(object content)
{
    bool isNameSynced;

    public object Content { get; set; } = content;

    public bool IsSynced { get; set; }

    /// <summary>Set once the directory is synced: only the name that it has now is left to it.</summary>
    public bool IsNameSynced
    {
        get => isNameSynced;
        set
        {
            isNameSynced = value;
            if (value) Former.Clear();
        }
    }

    /// <summary>Names it had since its directory was synced, the oldest first; the power may give any of them back.</summary>
    public List<string> Former { get; } = [];

    /// <summary>Whether the oldest of those was synced itself, so that losing all later ones leaves that one.</summary>
    public bool IsFormerSynced { get; set; }

    /// <summary>Counted from 1; grows when the bytes change.</summary>
    public long Written { get; set; } = 1;

    public ContentHash? Reread { get; set; }
}

/// <summary>What a power loss may leave of one file.</summary>
/// <param name="Names">Where it may be found; in one place at most.</param>
/// <param name="MayBeGone">No name of it need be left.</param>
/// <param name="MayBeTorn">Its bytes need not be whole.</param>
sealed record Fate(ModelFile File, IReadOnlyList<string> Names, bool MayBeGone, bool MayBeTorn);

/// <summary>
/// The disk of the ranks' node. Power loss has two modes, as on ext4: contents that were not synced are gone though the name is there, or
/// names that were not synced are gone too, which brings back what was renamed or deleted.
/// </summary>
/// <remarks>What is done is the harshest that <see cref="Fates"/> allows, or nothing to those files that are spared: later writes may
/// survive earlier ones.</remarks>
sealed class ModelDisk
{
    readonly Dictionary<string, ModelFile> files = new(StringComparer.Ordinal);
    readonly List<(string Name, ModelFile File)> deleted = [];   // not synced: they may come back

    public bool IsFull { get; set; }

    public IEnumerable<KeyValuePair<string, ModelFile>> Files => files;

    public ModelFile? Find(string name) => files.GetValueOrDefault(name);

    /// <returns>Null: no space is left, nothing was changed.</returns>
    public ModelFile? Create(string name, object content)
    {
        if (IsFull) return null;
        return files[name] = new ModelFile(content);
    }

    public bool RenameWithoutReplacing(string from, string to)
    {
        if (files.ContainsKey(to) || !files.Remove(from, out var file)) return false;
        files[to] = file;
        LoseHold(file, from);
        return true;
    }

    /// <param name="isSynced">Whether its directory is synced before anybody is told.</param>
    public void Delete(string name, bool isSynced)
    {
        if (!files.Remove(name, out var file) || isSynced) return;
        LoseHold(file, name);
        deleted.Add((name, file));
    }

    /// <summary>Syncs the directory: every name is what it is now, and what is deleted stays so.</summary>
    public void SyncNames()
    {
        foreach (var file in files.Values) file.IsNameSynced = true;
        deleted.Clear();
    }

    /// <summary>The directory of that name is synced, on account of that name: what was deleted beside it stays so, too.</summary>
    public void SyncName(string name)
    {
        files[name].IsNameSynced = true;
        deleted.RemoveAll(gone => FolderOf(gone.Name).SequenceEqual(FolderOf(name)));
    }

    static ReadOnlySpan<char> FolderOf(string name) => name.AsSpan(0, name.LastIndexOf('/') + 1);

    static void LoseHold(ModelFile file, string name)
    {
        if (file.Former.Count == 0) file.IsFormerSynced = file.IsNameSynced;
        file.Former.Add(name);
        file.IsNameSynced = false;
    }

    /// <summary>All that the power may do now. What the real file system does has to be among it.</summary>
    public IEnumerable<Fate> Fates(bool namesAreLost)
    {
        foreach (var (name, file) in files)
            yield return namesAreLost && !file.IsNameSynced
                ? new Fate(file, [.. file.Former, name], !file.IsFormerSynced, !file.IsSynced)
                : new Fate(file, [name], MayBeGone: false, !file.IsSynced);
        foreach (var (_, file) in deleted)
            yield return new Fate(file, namesAreLost ? [.. file.Former] : [], MayBeGone: true, !file.IsSynced);
    }

    /// <param name="isSpared">Which of the unsynced files reach the disk all the same; null: none does.</param>
    /// <returns>How many files were harmed.</returns>
    public int LosePower(bool namesAreLost, Func<bool>? isSpared = null)
    {
        var harmed = 0;
        foreach (var (name, file) in files.ToList())
        {
            if (isSpared?.Invoke() == true) file.IsSynced = file.IsNameSynced = true;
            var loses = namesAreLost && !file.IsNameSynced;
            if (loses)
            {
                files.Remove(name);
                if (file.IsFormerSynced && file.Former is [var former, ..]) files.TryAdd(former, file);
            }

            if (!file.IsSynced) Tear(file);
            if (loses || !file.IsSynced) harmed++;
        }

        foreach (var (_, file) in deleted)
        {
            if (!namesAreLost || !file.IsFormerSynced || !files.TryAdd(file.Former[0], file)) continue;
            if (!file.IsSynced) Tear(file);
            harmed++;
        }

        SyncNames();   // what is there after a power loss is what the disk holds
        foreach (var file in files.Values) file.IsSynced = true;
        return harmed;
    }

    static void Tear(ModelFile file)
    {
        file.Content = file.Content is ShardImage shard ? shard with { Whole = false } : Torn.Instance;
        file.Written++;
        file.Reread = null;
    }
}

/// <summary>Content that makes no sense to its reader.</summary>
sealed class Torn
{
    public static Torn Instance { get; } = new();
}
