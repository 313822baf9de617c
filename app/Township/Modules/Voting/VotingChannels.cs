using Millrace.Realtime;

namespace Township.Modules.Voting;

/// <summary>Results are public: anybody may watch.</summary>
internal static class VotingChannels
{
    public static string Name(string questionId) => $"question:{questionId}";

    public static void AddVotingChannels(this IServiceCollection services) => services.AddMillraceRealtime().AddChannel("question:{id}", channel => channel
        .AllowAnyone()
        .OnOverflow(OverflowPolicy.CollapseToLatest)); // who is slow needs the latest result, not each on the way
}
