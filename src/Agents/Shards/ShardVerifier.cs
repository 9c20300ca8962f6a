using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Shards;

/// <summary>What is expected of a stored shard.</summary>
/// <param name="Root">As recorded when it was stored; null if not on record.</param>
/// <param name="StoredBytes">Likewise.</param>
public sealed record ShardExpectation(ShardId Shard, ContentHash? Root = null, long? StoredBytes = null);

/// <param name="Detail">Where and what: tensor, chunk, offset, expected and got. Null when intact.</param>
/// <param name="Root">Root that was computed from the bytes; null when it could not be.</param>
public sealed record ShardFinding(Finding Finding, string? Detail, ContentHash? Root, long ReadBytes);

/// <summary>Reads a stored shard back. Damage is a value, never an exception.</summary>
public static class ShardVerifier
{
    /// <param name="baseState">
    /// The base's bytes, needed to verify an incremental shard deeply. Without them, or if they are damaged themselves, a shard that is
    /// otherwise intact is <see cref="Finding.Unknown"/>.
    /// </param>
    public static ShardFinding Verify(
        string path, ShardExpectation expected, VerificationDepth depth, ITensorBytes? baseState, CancellationToken ct)
    {
        FileStream source;
        try
        {
            source = ShardReader.OpenFile(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ShardFinding(Finding.Missing, $"{path}: there is no such object.", Root: null, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ShardFinding(Finding.Unreadable, $"{path}: cannot be opened: {e.Message}", Root: null, 0);
        }

        return Verify(source, path, expected, depth, baseState, ct);
    }

    /// <param name="source">Seekable; disposed here.</param>
    public static ShardFinding Verify(
        Stream source, string name, ShardExpectation expected, VerificationDepth depth, ITensorBytes? baseState, CancellationToken ct)
    {
        ShardReader? reader = null;
        try
        {
            if (expected.StoredBytes is { } size && source.Length != size)
                return Refuse(
                    source.Length < size ? Finding.Truncated : Finding.Altered,
                    $"{name}: the object has {source.Length:N0} bytes, {size:N0} are on record.");
            reader = ShardReader.Open(source, name);
            if (reader.Identity.Shard != expected.Shard)
                return Refuse(Finding.Altered, $"{name}: shard {reader.Identity.Shard} lies in the place of {expected.Shard}.");
            if (expected.Root is { } root && reader.Root != root)
                return Refuse(Finding.Altered, $"{name}: root is {reader.Root}, {root} is on record.");
            return depth == VerificationDepth.Shallow
                ? new ShardFinding(Finding.Intact, Detail: null, reader.Root, reader.ReadBytes)
                : VerifyChunks(reader, baseState, ct);
        }
        catch (ShardFormatException e)
        {
            return Refuse(e.Finding, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refuse(Finding.Unreadable, $"{name}: cannot be read: {e.Message}");
        }
        finally
        {
            source.Dispose();
            reader?.Dispose();
        }

        ShardFinding Refuse(Finding finding, string detail) => new(finding, detail, reader?.Root, reader?.ReadBytes ?? 0);
    }

    static ShardFinding VerifyChunks(ShardReader reader, ITensorBytes? baseState, CancellationToken ct)
    {
        string? unknown = null;
        var buffer = Array.Empty<byte>();
        for (var chunk = 0; chunk < reader.ChunkCount; chunk++)
        {
            ct.ThrowIfCancellationRequested();
            if (reader.NeedsBase(chunk) && (baseState is null || unknown is not null))
            {
                reader.CheckStored(chunk);
                unknown ??= $"{reader.Name}: stored bytes are intact, but chunks that refer to base {reader.Identity.Base!.Checkpoint} " +
                    "were not decoded: the base was not given.";
                continue;
            }

            var length = reader.Place(chunk).Length;
            if (buffer.Length < length) buffer = new byte[length];
            unknown = Decode(reader, chunk, baseState, buffer.AsSpan(0, length)) ?? unknown;
        }

        return new ShardFinding(unknown is null ? Finding.Intact : Finding.Unknown, unknown, reader.Root, reader.ReadBytes);
    }

    /// <summary>Null if the chunk decoded to what was captured; otherwise why that cannot be known, because of the base.</summary>
    static string? Decode(ShardReader reader, int chunk, ITensorBytes? baseState, Span<byte> destination)
    {
        try
        {
            reader.DecodeChunk(chunk, baseState, destination);
            return null;
        }
        catch (ShardFormatException e) when (!string.Equals(e.File, reader.Name, StringComparison.Ordinal))
        {
            return $"{reader.Name}: its base is damaged: {e.Message}";
        }
    }
}
