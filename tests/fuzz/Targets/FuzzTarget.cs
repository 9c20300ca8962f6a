using Lineage.Fuzz.Mutations;

namespace Lineage.Fuzz.Targets;

/// <summary>
/// A reader under attack: what it is fed with, how its inputs are altered, and what it may answer. One object per thread. An execution may
/// end well or with a documented refusal; anything else is a finding.
/// </summary>
abstract class FuzzTarget
{
    /// <summary>Inputs stay this small, so that an execution is short and an allocation that is out of proportion shows.</summary>
    public const int InputBytesMax = 16_384;

    protected Draft Draft { get; } = new(InputBytesMax);

    /// <summary>As on the command line; its seeds lie in the folder of this name.</summary>
    public abstract string Name { get; }

    /// <summary>How far the last execution got, in bits of the target's own meaning; part of what makes an input new.</summary>
    public ulong Stage { get; protected set; }

    /// <summary>What reading an input may allocate on the managed heap. What a size inside the input claims does not enter.</summary>
    public abstract long AllocatedBytesMax(int inputLength);

    /// <exception cref="LawBrokenException">The reader contradicts itself.</exception>
    public void Execute(byte[] input)
    {
        Stage = 0;
        Run(input);
    }

    /// <summary>Whether the reader's documentation allows it to end like this.</summary>
    public abstract bool IsRefusal(Exception e);

    /// <summary>An altered input.</summary>
    /// <param name="other">Another one of the same target.</param>
    public byte[] Mutate(byte[] input, byte[] other, Random random)
    {
        for (var edits = 1 + (random.Next(3) == 0 ? random.Next(1, 4) : 0); edits > 0; edits--) input = Alter(input, other, random);
        return input.Length <= InputBytesMax ? input : input[..InputBytesMax];
    }

    protected abstract void Run(byte[] input);

    protected abstract byte[] Alter(byte[] input, byte[] other, Random random);

    protected byte[] AlterBytes(byte[] input, byte[] other, Random random)
    {
        Draft.Set(input);
        ByteEdits.Apply(Draft, random, other);
        return Draft.ToArray();
    }
}

/// <summary>A reader that neither failed nor refused, but said something that cannot be.</summary>
sealed class LawBrokenException(string message) : Exception(message);
