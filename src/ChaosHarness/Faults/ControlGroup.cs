using System.Globalization;
using Lineage.ChaosHarness.Worlds;

namespace Lineage.ChaosHarness.Faults;

/// <summary>
/// A control group of the kernel that belongs to one fault: a process is put into it, limited or frozen there, and put back to where it
/// was.
/// </summary>
/// <remarks>Needs root. A controller is a folder of cgroup v1; <see cref="Unified"/> is the one of v2.</remarks>
public sealed class ControlGroup : IDisposable
{
    public const string Unified = "unified", Freezer = "freezer", Memory = "memory", Processor = "cpu";

    const string Root = "/sys/fs/cgroup", Members = "cgroup.procs";

    static int made;

    readonly string controller, folder;
    readonly Dictionary<int, string> cameFrom = [];

    ControlGroup(string controller, string path) =>
        (this.controller, Path, folder) = (controller, path, System.IO.Path.Combine(Root, controller, path));

    /// <summary>Below the controller's own folder.</summary>
    public string Path { get; }

    /// <exception cref="IOException">The controller is not there, or may not be written to.</exception>
    public static ControlGroup Make(string controller)
    {
        if (!Directory.Exists(System.IO.Path.Combine(Root, controller)))
            throw new IOException($"{Root}/{controller} is not mounted.");
        var group = new ControlGroup(controller, string.Create(
            CultureInfo.InvariantCulture, $"lineage-{Environment.ProcessId}-{Interlocked.Increment(ref made)}"));
        try
        {
            Directory.CreateDirectory(group.folder);
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new IOException(refused.Message, refused);
        }

        return group;
    }

    /// <summary>Moves a process here, with all its threads.</summary>
    public void Add(int process)
    {
        cameFrom[process] = PlaceOf(process);
        Write(Members, process.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Whether the process is here.</summary>
    public bool Has(int process) => PlaceOf(process) == $"/{Path}";

    public void Write(string file, string value) => File.WriteAllText(System.IO.Path.Combine(folder, file), value);

    public string Read(string file) => File.ReadAllText(System.IO.Path.Combine(folder, file)).Trim();

    /// <summary>A number of a file that has a name and a number a line; 0 where the name is missing.</summary>
    public long Number(string file, string name) => Read(file).Split('\n').Select(static line => line.Split(' '))
        .Where(words => words is [var key, _] && string.Equals(key, name, StringComparison.Ordinal))
        .Select(static words => long.Parse(words[1], NumberStyles.None, CultureInfo.InvariantCulture)).FirstOrDefault();

    /// <summary>Whoever lives goes back to where it was; then the group is gone.</summary>
    public void Dispose()
    {
        if (!Directory.Exists(folder)) return;
        foreach (var line in Read(Members).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var process = int.Parse(line, NumberStyles.None, CultureInfo.InvariantCulture);
            var home = cameFrom.GetValueOrDefault(process, "/").TrimStart('/');
            if (ProcessTable.Of(process) is { State: not 'Z' })
                File.WriteAllText(System.IO.Path.Combine(Root, controller, home, Members), line);
        }

        Directory.Delete(folder);
    }

    string PlaceOf(int process)
    {
        var mark = controller == Unified ? "::" : $":{controller}:";
        var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/cgroup"))
            .FirstOrDefault(one => one.Contains(mark, StringComparison.Ordinal)) ?? "::/";
        return line[(line.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..];
    }
}
