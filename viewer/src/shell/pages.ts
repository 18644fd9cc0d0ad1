// Which page has which address; each is loaded when it is first opened.
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

export interface Page {
  /** Path, with `:name` for a part that varies. */
  path: string;
  /** Name in the navigation; pages without one are reached by links. */
  name?: string;
  component: LazyExoticComponent<ComponentType>;
}

export const PAGES: readonly Page[] = [
  { path: '', name: 'Boards', component: lazy(() => import('../boards/BoardsPage')) },
  { path: '/d/:uid', component: lazy(() => import('../boards/BoardPage')) },
  { path: '/alerts', name: 'Alerts', component: lazy(() => import('../alerts/AlertsPage')) },
  { path: '/search', name: 'Traces', component: lazy(() => import('../search/SearchPage')) },
  { path: '/logs', name: 'Logs', component: lazy(() => import('../logs/LogsPage')) },
  { path: '/profile', name: 'Profile', component: lazy(() => import('../profile/ProfilePage')) },
  { path: '/trace/:id', component: lazy(() => import('../trace/TracePage')) },
  { path: '/record/:id', component: lazy(() => import('../record/RecordPage')) },
  { path: '/runbooks/:name', component: lazy(() => import('../alerts/RunbookPage')) },
];
