using Lineage.Agents.Tiers;

namespace Lineage.ChaosHarness.PowerLoss;

/// <summary>A way to put an object under a name so that it survives; when it returns, it has promised.</summary>
internal interface ISaveProtocol
{
    string Name { get; }

    /// <summary>Writes the object in two pieces or more.</summary>
    Task SaveAsync(string root, string key, byte[] content, IDurableSteps steps, CancellationToken ct);
}

/// <summary>What ranks do: <see cref="LocalDirectoryTier"/>, nothing of it replaced.</summary>
internal sealed class ProductionProtocol : ISaveProtocol
{
    public string Name => "lineage";

    public Task SaveAsync(string root, string key, byte[] content, IDurableSteps steps, CancellationToken ct) =>
        new LocalDirectoryTier(root).PutAsync(key, async (stream, token) =>
        {
            var header = Math.Min(64, content.Length / 2);
            await stream.WriteAsync(content.AsMemory(0, header), token);
            var part = (content.Length - header) / 2;
            await stream.WriteAsync(content.AsMemory(header, part), token);
            await stream.WriteAsync(content.AsMemory(header + part), token);
        }, steps, ct);
}

/// <summary>
/// What people write who have not thought of power: they promise too early. They run beside ours in every campaign, because a rig in
/// which they do not fail proves nothing.
/// </summary>
internal sealed class NaiveProtocol(string name, bool isInPlace, bool syncsFile) : ISaveProtocol
{
    public static readonly IReadOnlyList<NaiveProtocol> All =
    [
        new("in-place-without-fsync", isInPlace: true, syncsFile: false),
        new("rename-without-fsync", isInPlace: false, syncsFile: false),
        new("fsync-rename-without-directory-fsync", isInPlace: false, syncsFile: true),
    ];

    public string Name { get; } = name;

    public Task SaveAsync(string root, string key, byte[] content, IDurableSteps steps, CancellationToken ct)
    {
        var path = Path.Combine(root, key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var target = isInPlace ? path : path + ".new";
        using (var file = new FileStream(target, FileMode.Create, FileAccess.Write))
        {
            file.Write(content);
            file.Flush(flushToDisk: syncsFile);
        }

        if (!isInPlace) File.Move(target, path, overwrite: true);
        return Task.CompletedTask;
    }
}

/// <summary>Takes the power away at the nth moment; with n beyond the last moment it is the caller who cuts, after the promise.</summary>
internal sealed class CutAtStep(LoopDisk disk, PowerCut how, DurableStep? at) : IDurableSteps
{
    public bool IsDark { get; private set; }

    public void Reached(DurableStep step)
    {
        if (step != at || IsDark) return;
        Cut();
        throw new PowerLostException(step);
    }

    public void Cut()
    {
        if (IsDark) return;
        disk.CutPower(how);
        IsDark = true;
    }
}

/// <summary>Ends the code under test at the moment of the cut, as a machine without power does.</summary>
internal sealed class PowerLostException(DurableStep at) : Exception($"The power went at {at}.");

/// <summary>What was promised and what came back.</summary>
internal enum Aftermath { Kept, OldOrAbsent, LostAcknowledged, WrongBytes }

internal static class Aftermaths
{
    /// <param name="before">Content under that name before the save; null if there was none.</param>
    public static Aftermath Judge(string path, byte[]? before, byte[] saved, bool acknowledged)
    {
        var found = File.Exists(path) ? File.ReadAllBytes(path) : null;
        if (found is not null && found.AsSpan().SequenceEqual(saved)) return Aftermath.Kept;
        var isBefore = found is null ? before is null : before is not null && found.AsSpan().SequenceEqual(before);
        // Promised, and the old state is there, or none where there was one: lost. Any third content is a wrong whole.
        if (isBefore || (found is null && acknowledged)) return acknowledged ? Aftermath.LostAcknowledged : Aftermath.OldOrAbsent;
        return found is null ? Aftermath.OldOrAbsent : Aftermath.WrongBytes;
    }
}
