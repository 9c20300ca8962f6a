using System.Text;
using Lineage.Contracts.Format;

namespace Lineage.Tests.Property.Fuzzing;

/// <summary>What the fuzzer once found, as cases of their own.</summary>
public sealed class FuzzRegressions
{
    /// <summary>It passed every rule of the table and then had no canonical form, so the refusal named neither file nor offset.</summary>
    [Theory]
    [InlineData("9007199254740992")]
    [InlineData("72057594037927936")]
    public void A_dimension_that_canonical_JSON_cannot_hold_is_refused_by_name(string size)
    {
        var table =
            $$"""[{"castOf":null,"dtype":"U8","globalShape":[{{size}}],"name":"a","offsets":[0],"role":"opaque","sizes":[0]}]""";
        var thrown = Assert.Throws<ShardFormatException>(() => TensorTable.Read(Encoding.UTF8.GetBytes(table), "x", 64));
        Assert.Equal(("x", 64), (thrown.File, thrown.Offset));
    }
}
