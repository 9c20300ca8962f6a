using System.Buffers.Binary;
using System.Globalization;
using Lineage.Agents.Tiers;
using Lineage.ChaosHarness.Simulation;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>The same operations on a real directory and on the modelled disk. A name is never used for two files.</summary>
sealed class DiskScript(string folder, Random random)
{
    const int PieceBytes = 8_192, OperationsMax = 24;

    readonly List<string> names = [];
    int made;

    public ModelDisk Model { get; } = new();

    public List<string> Done { get; } = [];

    public void Play()
    {
        Directory.CreateDirectory(folder);
        NativeFiles.SyncDirectory(Path.GetDirectoryName(folder)!);
        for (var left = random.Next(3, OperationsMax); left > 0; left--) Step();
    }

    void Step()
    {
        var name = names.Count == 0 ? null : names[random.Next(names.Count)];
        switch (name is null ? 0 : random.Next(10))
        {
            case 0 or 1 or 2: Create(); break;
            case 3: Append(name!); break;
            case 4 or 5: Sync(name!); break;
            case 6 or 7: Rename(name!); break;
            case 8: Delete(name!); break;
            default: SyncNames(); break;
        }
    }

    string Fresh() => string.Create(CultureInfo.InvariantCulture, $"n{++made}");

    void Create()
    {
        var name = Fresh();
        var content = Content(made, pieces: 1);
        File.WriteAllBytes(Path.Combine(folder, name), content);
        Model.Create(name, content);
        names.Add(name);
        Done.Add($"create {name}");
    }

    void Append(string name)
    {
        var file = Model.Find(name)!;
        var before = (byte[])file.Content;
        var grown = Content((int)BinaryPrimitives.ReadInt64LittleEndian(before), (before.Length / PieceBytes) + 1);
        using (var stream = new FileStream(Path.Combine(folder, name), FileMode.Append)) stream.Write(grown.AsSpan(before.Length));
        (file.Content, file.IsSynced) = (grown, false);
        Done.Add($"append to {name}");
    }

    void Sync(string name)
    {
        using (var stream = new FileStream(Path.Combine(folder, name), FileMode.Open, FileAccess.Write)) stream.Flush(flushToDisk: true);
        Model.Find(name)!.IsSynced = true;
        Done.Add($"sync {name}");
    }

    void Rename(string name)
    {
        var to = random.Next(4) == 0 && names.Count > 1 ? names.Find(other => other != name)! : Fresh();
        var really = NativeFiles.RenameWithoutReplacing(Path.Combine(folder, name), Path.Combine(folder, to));
        Assert.Equal(really, Model.RenameWithoutReplacing(name, to));
        if (really) names[names.IndexOf(name)] = to;
        Done.Add($"rename {name} to {to}{(really ? "" : ", which is taken")}");
    }

    void Delete(string name)
    {
        File.Delete(Path.Combine(folder, name));
        Model.Delete(name, isSynced: false);
        names.Remove(name);
        Done.Add($"delete {name}");
    }

    void SyncNames()
    {
        NativeFiles.SyncDirectory(folder);
        Model.SyncNames();
        Done.Add("sync directory");
    }

    /// <summary>Every piece says which file it belongs to and where.</summary>
    static byte[] Content(int file, int pieces)
    {
        var content = new byte[pieces * PieceBytes];
        for (var at = 0; at < content.Length; at += 16)
        {
            BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(at), file);
            BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(at + 8), at + 1);
        }

        return content;
    }
}
