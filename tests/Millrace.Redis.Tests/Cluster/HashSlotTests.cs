using System.Globalization;
using System.Text;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Tests.Cluster;

public sealed class HashSlotTests(SharedCluster shared, ITestOutputHelper output)
{
    private const int Keys = 4_000;
    private const string Alphabet = "ab{}{}{}é\0 \r\n7";

    [Fact]
    public async Task Every_key_is_in_the_slot_that_the_server_computes()
    {
        var seed = Environment.ProcessId;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}"));
        var random = new Random(seed);
        var cluster = await shared.GetAsync();
        await using var control = await cluster.Nodes[0].Server.ConnectAsync(TimeSpan.FromSeconds(30));
        for (var i = 0; i < Keys; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(24)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            var bytes = Encoding.UTF8.GetBytes(text);
            if (i % 4 == 0)
            {
                bytes = new byte[random.Next(300)];
                random.NextBytes(bytes);
            }

            var expected = (int)(await control.SendAsync([.. new[] { "CLUSTER", "KEYSLOT" }.Select(Encoding.UTF8.GetBytes), bytes])).Number;

            Assert.Equal(expected, HashSlot.Of(bytes));
            Assert.Equal(expected, new RedisKey(bytes).HashSlot);
            if (i % 4 != 0)
            {
                Assert.Equal(expected, new RedisKey(text).HashSlot);
            }
        }
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("123456789", 0x31C3)]
    [InlineData("foo{}{bar}", 8363)]
    [InlineData("foo{{bar}}zap", 4015)]
    [InlineData("foo{bar}{zap}", 5061)]
    public void The_examples_of_the_specification_hold(string key, int slot) => Assert.Equal(slot, HashSlot.Of(Encoding.UTF8.GetBytes(key)));
}
