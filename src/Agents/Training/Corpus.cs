using System.Globalization;
using System.IO.Hashing;
using Lineage.Contracts.Api;

namespace Lineage.Agents.Training;

/// <summary>There is no text to train on; the message says what was looked for and what to do. Nothing was started.</summary>
public sealed class CorpusMissingException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Stable code of this error.</summary>
    public string Code { get; } = ProblemCodes.CorpusMissing;
}

/// <summary>Text as bytes, cut into samples of context + 1 bytes that overlap by one, the target of the last position.</summary>
public sealed class Corpus
{
    /// <summary>What of a directory or of the default corpus is read, at most: 8 MiB.</summary>
    public const int BytesMax = 8 << 20;

    readonly byte[] text;

    public Corpus(byte[] text, string source)
    {
        this.text = text;
        Source = source;
        Fingerprint = XxHash3.HashToUInt64(text);
    }

    /// <summary>Where the text came from, for people.</summary>
    public string Source { get; }

    public int Bytes => text.Length;

    /// <summary>XxHash3-64 of the text: two ranks, or a rank and its restored cursor, must have read the same.</summary>
    public ulong Fingerprint { get; }

    public long Samples(int context) => (text.Length - 1) / context;

    public ReadOnlySpan<byte> Sample(long sample, int context) => text.AsSpan(checked((int)(sample * context)), context + 1);

    /// <summary>Reads a file, every file of a directory, or, for null, the documentation that ships with the installed .NET.</summary>
    /// <param name="context">Bytes a sample predicts; the text must hold at least one sample.</param>
    /// <exception cref="CorpusMissingException">Nothing there, unreadable, or too short.</exception>
    public static Corpus Load(string? path, int context)
    {
        try
        {
            var (files, source) = path is null ? ReferencePack() : FilesOf(path);
            var bytes = Concatenate(files);
            if (bytes.Length > context) return new Corpus(bytes, source);
            throw new CorpusMissingException(
                $"The corpus {source} holds {bytes.Length:N0} bytes; one sample alone needs {context + 1:N0}. Nothing was started. " +
                "Give a longer text with --corpus FILE or --corpus DIRECTORY. [corpus-missing]");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new CorpusMissingException(
                $"The corpus {path ?? "of the .NET reference pack"} cannot be read: {unreadable.Message} Nothing was started. " +
                "Give a readable text with --corpus FILE or --corpus DIRECTORY. [corpus-missing]", unreadable);
        }
    }

    static (IReadOnlyList<string> Files, string Source) FilesOf(string path)
    {
        if (File.Exists(path)) return ([path], path);
        if (Directory.Exists(path))
            return ([.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)], path);
        throw new CorpusMissingException(
            $"The corpus {path} is neither a file nor a directory. Nothing was started. " +
            "Give a text with --corpus FILE or --corpus DIRECTORY, or leave the option out for the .NET documentation. [corpus-missing]");
    }

    static (IReadOnlyList<string> Files, string Source) ReferencePack()
    {
        // <root>/shared/Microsoft.NETCore.App/<version>/System.Private.CoreLib.dll
        var beside = Path.GetDirectoryName(typeof(object).Assembly.Location);
        var root = string.IsNullOrEmpty(beside) ? null : Path.GetFullPath(Path.Combine(beside, "..", "..", ".."));
        string?[] roots = [Environment.GetEnvironmentVariable("DOTNET_ROOT"), root];
        foreach (var candidate in roots.OfType<string>().Select(r => Path.Combine(r, "packs", "Microsoft.NETCore.App.Ref")))
        {
            if (!Directory.Exists(candidate)) continue;
            var files = Directory.EnumerateDirectories(candidate)
                .OrderByDescending(VersionOf)
                .Select(pack => Directory.EnumerateFiles(pack, "*.xml", SearchOption.AllDirectories)
                    .Where(file => file.Contains("/ref/", StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal).ToArray())
                .FirstOrDefault(found => found.Length > 0);
            if (files is not null) return (files, Path.GetDirectoryName(files[0])!);
        }

        throw new CorpusMissingException(
            "The default corpus, the documentation in packs/Microsoft.NETCore.App.Ref, was looked for under " +
            $"{string.Join(" and ", roots.OfType<string>().DefaultIfEmpty("(no .NET root)"))} and is not there: " +
            "it ships with the .NET SDK, not with the runtime. Nothing was started. " +
            "Give any text with --corpus FILE or --corpus DIRECTORY. [corpus-missing]");
    }

    static Version VersionOf(string pack) =>
        Version.TryParse(Path.GetFileName(pack).Split('-')[0], out var version) ? version : new Version(0, 0);

    static byte[] Concatenate(IReadOnlyList<string> files)
    {
        using var all = new MemoryStream();
        var buffer = new byte[1 << 16];
        foreach (var file in files)
        {
            using var stream = File.OpenRead(file);
            int read;
            while (all.Length < BytesMax && (read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, BytesMax - all.Length))) > 0)
                all.Write(buffer, 0, read);
            if (all.Length >= BytesMax) break;
        }

        return all.ToArray();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Bytes:N0} bytes of {Source}");
}
