using Millrace.TestKit.Redis;

namespace Millrace.Redis.Tests.Commands;

/// <summary>
/// What the commands' methods need and Garnet (2.2.5) lacks. The one list of it: docs/guides/redis.md tells it to users. A gap that Garnet closes fails
/// here, and its tests move from <see cref="RedisServers.RedisOnly"/> to <see cref="RedisServers.All"/>.
/// </summary>
public sealed class GarnetGaps(SharedRedis redis)
{
    /// <summary>The method's command or option, and a command line that shows its lack.</summary>
    private static readonly (string Lacks, string CommandLine)[] Gaps =
    [
        ("SET with EXAT or PXAT", "SET gap 1 PXAT 4102444800000"),
        ("TOUCH", "TOUCH gap"),
        ("COPY", "COPY gap gap2"),
        ("WAIT", "WAIT 0 1"),
        ("SPUBLISH without its cluster mode", "SPUBLISH gap 1"),
        ("XADD", "XADD gap * a 1"),
        ("XLEN", "XLEN gap"),
        ("XRANGE", "XRANGE gap - +"),
        ("XREVRANGE", "XREVRANGE gap + -"),
        ("XREAD", "XREAD STREAMS gap 0"),
        ("XTRIM", "XTRIM gap MAXLEN 1"),
        ("XDEL", "XDEL gap 1-0"),
        ("XGROUP CREATE", "XGROUP CREATE gap g 0 MKSTREAM"),
        ("XGROUP DESTROY", "XGROUP DESTROY gap g"),
        ("XGROUP SETID", "XGROUP SETID gap g 0"),
        ("XGROUP CREATECONSUMER", "XGROUP CREATECONSUMER gap g c"),
        ("XGROUP DELCONSUMER", "XGROUP DELCONSUMER gap g c"),
        ("XREADGROUP", "XREADGROUP GROUP g c STREAMS gap >"),
        ("XACK", "XACK gap g 1-0"),
        ("XCLAIM", "XCLAIM gap g c 0 1-0"),
        ("XAUTOCLAIM", "XAUTOCLAIM gap g c 0 0-0"),
        ("XPENDING", "XPENDING gap g"),
        ("XINFO STREAM", "XINFO STREAM gap"),
        ("XINFO GROUPS", "XINFO GROUPS gap"),
    ];

    [Fact]
    public async Task Garnet_answers_with_an_error_for_each()
    {
        Assert.Distinct(Gaps.Select(static gap => gap.Lacks));
        if (!GarnetServer.IsRequested)
        {
            return; // ./test --garnet asks; the other tests of commands have no Garnet rows then either
        }

        foreach (var (lacks, line) in Gaps)
        {
            var error = await Record.ExceptionAsync(() => redis.CommandAsync(RedisServers.Garnet, line.Split(' ')));
            Assert.True(error is RedisControlException, $"Garnet has {lacks} now: test it with Garnet, and tell so in the guide.");
            Assert.Matches("unknown|syntax error|cluster support disabled", error.Message);
        }
    }
}
