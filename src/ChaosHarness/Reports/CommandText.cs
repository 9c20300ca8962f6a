namespace Lineage.ChaosHarness.Reports;

/// <summary>Commands in reports, so that they do what they say when they are copied into the shell that the report came from.</summary>
public static class CommandText
{
    /// <summary>Set by a wrapper (<c>./dev</c>): what a person types in place of the program's path.</summary>
    public const string CalledAsVariable = "LINEAGE_CALLED_AS";

    const string Name = "lineage";

    public static string Of(params string[] arguments) => $"{Program()} {string.Join(' ', arguments.Select(Quoted))}";

    static string Program()
    {
        if (Environment.GetEnvironmentVariable(CalledAsVariable) is { Length: > 0 } named) return named;
        if (Environment.ProcessPath is not { } path || Path.GetFileName(path) is not Name || IsOnPath(path)) return Name;
        return Quoted(path);
    }

    static bool IsOnPath(string path) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(static folder => Path.Combine(folder, Name)).FirstOrDefault(File.Exists) is { } first
        && string.Equals(Path.GetFullPath(first), path, StringComparison.Ordinal);

    /// <summary>As a POSIX shell reads it back as one word.</summary>
    internal static string Quoted(string word) => word.Length > 0
        && word.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '=' or '+' or ',' or '@' or '%')
            ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
