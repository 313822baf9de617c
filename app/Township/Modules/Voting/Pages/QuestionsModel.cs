using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.OutputCaching;

namespace Township.Modules.Voting.Pages;

[OutputCache(Duration = 30, VaryByQueryKeys = ["set", "after"], Tags = [VotingCache.AllTag])]
internal sealed class QuestionsModel(VotingReads reads) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Set { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? After { get; set; }

    public QuestionSet Which { get; private set; }

    public PageOf<QuestionListItem> List { get; private set; } = new([], null);

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        Which = Set switch
        {
            "closed" => QuestionSet.Closed,
            "trending" => QuestionSet.Trending,
            _ => QuestionSet.Open,
        };
        List = await reads.ListAsync(Which, null, Cursor.Parse(After), VotingReads.PageSize, cancellationToken);
    }
}
