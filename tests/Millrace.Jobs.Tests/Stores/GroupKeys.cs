using System.Text;
using Millrace.Jobs.Stores.Redis;
using Millrace.Redis;

namespace Millrace.Jobs.Tests.Stores;

/// <summary>What a store on Redis keeps of groups.</summary>
internal static class GroupKeys
{
    public static async ValueTask<IReadOnlyList<string>> ReadAsync(RedisClient client, string prefix)
    {
        var found = new List<string>();
        foreach (var queue in (string[])["default", "q", "other"])
        {
            foreach (var key in new QueueKeys(prefix, queue).All[25..])
            {
                found.AddRange((await client.ZRangeAsync(key)).Select(member => $"{queue} {Encoding.UTF8.GetString(member)}"));
            }
        }

        return found;
    }
}
