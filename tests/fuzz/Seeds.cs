using System.Text;
using Lineage.Agents.Codec;
using Lineage.Agents.Safetensors;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Fuzz.Targets;

namespace Lineage.Fuzz;

/// <summary>
/// Makes the seed corpus: the golden files, and small ones of every kind that today's writers can write. Only what is missing is written,
/// so seeds of earlier versions stay; after a change of the codec, give <see cref="Generation"/> a new value and run
/// <c>./dev fuzz --write-seeds</c>.
/// </summary>
static class Seeds
{
    /// <summary>Part of the names of shards, whose bytes depend on the codec.</summary>
    const string Generation = "v2";

    static readonly WorldSize World = new(2);

    public static int Write(TextWriter log)
    {
        var written = 0;
        foreach (var (target, name, content) in All())
        {
            var path = Path.Combine(Places.Corpus(target), name + ".bin");
            if (File.Exists(path)) continue;
            Directory.CreateDirectory(Places.Corpus(target));
            File.WriteAllBytes(path, content);
            written++;
        }

        log.WriteLine($"fuzz: {written} seeds written");
        return 0;
    }

    static IEnumerable<(string Target, string Name, byte[] Content)> All() =>
        Shards().SelectMany(static shard => new[] { ("shard", shard.Name, shard.Content), ("header", shard.Name, Ends(shard.Content)) })
            .Concat(Texts()).Concat(Files());

    static byte[] Golden(string name) => File.ReadAllBytes(Path.Combine(Places.Root, "tests", "golden", name));

    static IEnumerable<(string Name, byte[] Content)> Shards()
    {
        yield return ("golden-full-v1", Golden("shard-v1-full.shard"));
        yield return ("golden-incremental-v1", Golden("shard-v1-incremental.shard"));
        foreach (var dtype in new[] { TensorDtype.F32, TensorDtype.BF16, TensorDtype.I64, TensorDtype.U8 })
        {
            var (lower, upper) = (State(dtype, step: 1), State(dtype, step: 2));
            foreach (var (kind, content) in Pair(lower, upper, chunkElements: 64)) yield return ($"{dtype}-{kind}-{Generation}", content);
        }

        // What a trainer keeps, in small and in larger chunks.
        foreach (var half in new[] { TensorDtype.BF16, TensorDtype.F16 })
            foreach (var chunk in new[] { 64, 512 })
                foreach (var (kind, content) in Pair(ModelState.At(half, 1, chunk), ModelState.At(half, 2, chunk), chunk))
                    yield return ($"model-{half}-{chunk}-{kind}-{Generation}", content);

        yield return ($"empty-{Generation}", Shard(new HeldTensors([], [], root: null), 1, null, null, 64, out _));
    }

    static IEnumerable<(string Kind, byte[] Content)> Pair(HeldTensors lower, HeldTensors upper, int chunkElements)
    {
        yield return ("full", Shard(lower, 1, null, null, chunkElements, out var root));
        var link = new BaseShard(At(1), ContentHash.Of("manifest"u8), root);
        yield return ("incremental", Shard(upper, 2, lower, link, chunkElements, out _));
    }

    /// <summary>Tensors for every mode: zeros, a constant, noise, weights that drift, one that stays, a scalar, an empty one.</summary>
    static HeldTensors State(TensorDtype dtype, int step)
    {
        var width = dtype.Bits() / 8;
        const int elements = 200;
        byte[] Noise(int seed)
        {
            var bytes = new byte[elements * width];
            new Random(seed).NextBytes(bytes);
            return bytes;
        }

        byte[] Weights(int at)
        {
            var (bytes, random) = (new byte[elements * width], new Random(5));
            for (var i = 0; i < elements; i++)
            {
                var value = BitConverter.GetBytes((float)((random.NextDouble() - 0.5) * 0.04 * (1 + (at / 4_096.0))));
                for (var b = 0; b < width && b < 4; b++) bytes[(i * width) + width - 1 - b] = value[3 - b];
            }

            return bytes;
        }

        byte[][] bytes =
        [
            new byte[elements * width], [.. Enumerable.Repeat((byte)7, elements * width)], Noise(step), Weights(step), Weights(0),
            Noise(9)[..width], [],
        ];
        return new HeldTensors(
            [.. bytes.Select((b, i) => Spec($"t{i}", dtype, i == 5 ? [] : [b.Length / width]))], bytes, root: null);
    }

    static TensorSpec Spec(string name, TensorDtype dtype, long[] shape) =>
        new(name, dtype, shape, new long[shape.Length], shape, TensorRole.Weight);

    static CheckpointId At(int step) => new(RunId.Parse("fuzz"), new Contracts.Identity.Generation(1), new Step(step));

    static byte[] Shard(HeldTensors state, int step, HeldTensors? lower, BaseShard? link, int chunkElements, out ContentHash root)
    {
        using var stream = new MemoryStream();
        var identity = new ShardIdentity(new ShardId(At(step), new Rank(1)), World, LayoutDigest.Of(World, state.Tensors), link);
        root = ShardWriter.Write(stream, identity, state, lower, CodecPreset.Default, CancellationToken.None, chunkElements).Root;
        return stream.ToArray();
    }

    /// <summary>Header and footer, with a footer that says so.</summary>
    static byte[] Ends(byte[] shard)
    {
        var header = ShardHeader.ReadLength(shard.AsSpan(0, ShardHeader.FixedBytes), "seed");
        var footer = ShardFooter.Read(shard.AsSpan(shard.Length - ShardFooter.Size), header, shard.Length, "seed");
        var ends = footer with { IndexOffset = header, IndexLength = 0, TotalLength = header + ShardFooter.Size };
        return [.. shard.AsSpan(0, header), .. ends.Write()];
    }

    static IEnumerable<(string Target, string Name, byte[] Content)> Texts()
    {
        static byte[] Named(string kind, byte[] text) => [.. Encoding.UTF8.GetBytes(kind + "\n"), .. text];
        yield return ("manifest", "manifest", Named("manifest", Golden("manifest-v1.json")));
        foreach (var (folder, kind) in new[] { ("events", ""), ("messages", "message") })
            foreach (var path in Directory.EnumerateFiles(Path.Combine(Places.Root, "tests", "golden", folder), "*.json"))
            {
                var name = Path.GetFileNameWithoutExtension(path);
                yield return ("manifest", $"{folder}-{name}", Named(kind.Length == 0 ? name : kind, File.ReadAllBytes(path)));
            }

        yield return (
            "manifest", "any", "{\"b\":[1e21,0.1,-0,1.5e-7,\"\\u00e9\\n\\ud83d\\ude00\"],\"a\":{\"x\":null,\"y\":true}}"u8.ToArray());
    }

    static IEnumerable<(string Target, string Name, byte[] Content)> Files()
    {
        yield return ("safetensors", "golden-v1", Golden("safetensors/model-v1.safetensors"));
        yield return ("safetensors", "empty", [8, 0, 0, 0, 0, 0, 0, 0, .. "{}      "u8]);
        foreach (var dtype in Enum.GetValues<TensorDtype>())
            yield return ("safetensors", $"two-{dtype}", Written([Tensor("a", dtype, [2, 4]), Tensor("b", dtype, [4])]));
        yield return ("safetensors", "odd", Written([Tensor("scalar", TensorDtype.F32, []), Tensor("none", TensorDtype.U8, [3, 0, 2])]));
        foreach (var count in new[] { 1, 2, 3 })
            yield return ("safetensors-index", $"files-{count}", Set(count));
    }

    static byte[] Set(int count)
    {
        var files = Enumerable.Range(0, count)
            .Select(file => new[] { Tensor($"a{file}", TensorDtype.U8, [3 + file]), Tensor($"b{file}", TensorDtype.F32, [file]) }).ToList();
        var index = SafetensorsIndex.Write(
            files.Sum(static file => file.Sum(static tensor => tensor.Bytes)),
            files.SelectMany(static (file, i) => file.Select(tensor => (tensor.Name, $"{i + 1}"))));
        return SafetensorsIndexTarget.Joined([index, .. files.Select(static file => Written(file))]);
    }

    static SafetensorsTensor Tensor(string name, TensorDtype dtype, long[] shape)
    {
        var spec = Spec(name, dtype, shape);
        var bytes = Enumerable.Range(0, (int)spec.Bytes).Select(static i => (byte)(i % 256)).ToArray();
        return SafetensorsTensor.Whole(new HeldTensors([spec], [bytes], root: null), 0);
    }

    static byte[] Written(IReadOnlyList<SafetensorsTensor> tensors)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(
            stream, tensors, new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" }, CancellationToken.None);
        return stream.ToArray();
    }
}
